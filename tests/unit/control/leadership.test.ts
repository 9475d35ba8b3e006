import { describe, expect, it } from "vitest";
import { notCountedYet } from "../../../control/handover";
import { chooseCandidate, notReady } from "../../../control/leadership";
import type { ClusterMember } from "../../../control/patroni";
import { timelineProblems } from "../../../control/readiness";

const leader: ClusterMember = { name: "m2", role: "leader", state: "running", timeline: 3 };
const replica = (name: string, more: Partial<ClusterMember> = {}): ClusterMember => ({
  name,
  role: "replica",
  state: "streaming",
  timeline: 3,
  lag: 0,
  ...more,
});
const order = ["m1", "m2", "m3", "m4"];

describe("chooseCandidate", () => {
  it("prefers a synchronous standby that was rolled already", () => {
    const members = [
      replica("m1", { role: "sync_standby" }),
      leader,
      replica("m3", { role: "sync_standby" }),
    ];
    expect(chooseCandidate({ members }, "m2", order)).toBe("m1");
  });

  it("takes the last synchronous one when none was rolled", () => {
    const roles = { role: "quorum_standby" };
    const members = [replica("m1"), leader, replica("m3", roles), replica("m4", roles)];
    expect(chooseCandidate({ members }, "m2", order)).toBe("m4");
  });

  it("takes no one who does not stream", () => {
    const members = [replica("m1", { state: "starting" }), leader];
    expect(chooseCandidate({ members }, "m2", order)).toBeUndefined();
  });
});

describe("notCountedYet", () => {
  const counted = { role: "quorum_standby" };

  it("names the first of the roll that streams while the vote counts only others", () => {
    const members = [replica("m1"), leader, replica("m3", counted)];
    expect(notCountedYet({ members }, "m2", order)?.name).toBe("m1");
  });

  it("waits for nobody who is away, and for nobody in an asynchronous cluster", () => {
    const away = [replica("m1", { state: "starting" }), leader, replica("m3", counted)];
    expect(notCountedYet({ members: away }, "m2", order)).toBeUndefined();
    expect(notCountedYet({ members: [replica("m1"), leader] }, "m2", order)).toBeUndefined();
  });

  it("is content once the first of the roll is counted", () => {
    const members = [replica("m1", counted), leader, replica("m3")];
    expect(notCountedYet({ members }, "m2", order)).toBeUndefined();
  });
});

describe("notReady", () => {
  const members = [{ name: "m1" }, { name: "m2" }, { name: "m3" }];

  it("passes a leader with streaming replicas, and one exception", () => {
    const view = { members: [replica("m1"), leader, replica("m3", { state: "stopped" })] };
    expect(notReady(view, members, "m3", 0)).toEqual([]);
  });

  it("names a missing leader, a missing member, lag that is too great or unknown", () => {
    const view = { members: [replica("m1", { lag: 11 }), replica("m2", { lag: "unknown" })] };
    expect(notReady(view, members, undefined, 10)).toEqual([
      "there is no running leader",
      expect.stringContaining("m1 does not stream"),
      expect.stringContaining("m2 does not stream"),
      "m3 is not in the cluster",
    ]);
  });
});

describe("timelineProblems", () => {
  it("names replicas that follow another timeline", () => {
    const members = [leader, replica("m1"), replica("m3", { timeline: 2 })];
    expect(timelineProblems({ members })).toEqual(["m3 is on timeline 2, the leader on 3"]);
  });
});
