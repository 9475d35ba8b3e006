import { describe, expect, it } from "vitest";
import { type Position, readPosition } from "../../../control/failover";
import { checkFailover, failoverWarnings, lsn, positionTable } from "../../../ops/failover/judge";
import { modeText } from "../../../ops/verbs/pause";

const at = (name: string, received: number | null, timeline = 3): Position => ({
  name,
  state: "running",
  timeline,
  received,
  replayed: received,
  answers: true,
});
const member = (name: string, role: string, state = "running") => ({ name, role, state });
const headless = {
  scope: "dev",
  members: [
    member("a", "replica", "stopped"),
    member("b", "quorum_standby"),
    member("c", "replica"),
  ],
};
const found = [
  { ...at("a", null), state: "does not answer: gone", timeline: null, answers: false },
  at("b", 0x1_4000_0060),
  at("c", 0x1_4000_1060),
];

describe("a failover", () => {
  it("is refused while somebody leads, with the way to do it in order", () => {
    const led = { ...headless, members: [member("a", "leader"), ...headless.members.slice(1)] };
    expect(() => checkFailover(led, found, "b")).toThrow(/a leads .* ops -- switchover --to b/);
    expect(() => checkFailover(led, found, "a")).toThrow(/it leads already/);
  });

  it("is refused towards a member that does not answer", () => {
    expect(() => checkFailover(headless, found, "a")).toThrow(/a does not answer/);
    expect(() => checkFailover(headless, found, "z")).toThrow(/z does not answer/);
    expect(() => checkFailover(headless, found, "b")).not.toThrow();
  });

  it("always says what is lost, and who has more", () => {
    const lost = expect.stringContaining("only the old leader had are lost") as string;
    expect(failoverWarnings(headless, found, "b")).toEqual([
      lost,
      "c has 4.0 KiB more than b: it would lose less.",
    ]);
    expect(failoverWarnings(headless, found, "c")).toEqual([
      lost,
      "c was no synchronous standby: it may lack acknowledged commits.",
    ]);
    const later = [at("b", 1), at("c", null, 4)];
    expect(failoverWarnings(headless, later, "b")).toContain("c is on timeline 4, later than b's.");
    expect(failoverWarnings(headless, [at("b", null)], "b")).toContain(
      "It is not known how much b has.",
    );
  });

  it("shows each member's position", () => {
    expect(positionTable(headless, found).split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["MEMBER", "ROLE", "STATE", "TIMELINE", "RECEIVED", "REPLAYED", "BEHIND THE FURTHEST"],
      ["a", "replica", "does not answer: gone", "-", "-", "-", "unknown"],
      ["b", "quorum_standby", "running", "3", "1/40000060", "1/40000060", "4.0 KiB"],
      ["c", "replica", "running", "3", "1/40001060", "1/40001060", "0"],
    ]); // prettier-ignore
    expect(lsn(0)).toBe("0/0");
  });

  it("reads what Patroni says of replicas, leaders and stopped members", () => {
    const replica = { state: "running", timeline: 5, xlog: { received_location: 7, replayed_location: 6 } }; // prettier-ignore
    expect(readPosition("b", replica)).toMatchObject({ timeline: 5, received: 7, replayed: 6 });
    const leader = { state: "running", timeline: 5, xlog: { location: 9 } };
    expect(readPosition("a", leader)).toMatchObject({ received: 9, replayed: 9 });
    expect(readPosition("c", { state: "stopped" })).toMatchObject({
      state: "stopped",
      timeline: null,
      received: null,
      answers: true,
    });
  });
});

describe("maintenance mode", () => {
  it("is told loudly, and when nothing had to be done", () => {
    expect(modeText("dev", true, true)).toBe(
      "Cluster dev is paused: NOTHING FAILS OVER until `ops -- resume`.",
    );
    expect(modeText("dev", false, false)).toBe("Cluster dev is not paused. It was so already.");
  });
});
