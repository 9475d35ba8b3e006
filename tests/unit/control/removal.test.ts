import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ContainerAccess, MemberAccess } from "../../../model/access";
import { UnreachableError } from "../../../control/errors";
import type { ClusterMember, ClusterView } from "../../../control/patroni";
import {
  leadAmongStaying,
  leaveOthers,
  leaving,
  missingWithout,
  type RemovalOptions,
} from "../../../control/removal";

const MIB = 1024 * 1024;
let view: ClusterView;
let stopped: string[];
let unknown: string[];
/** What was done, in order. */
let done: string[];
let moves: (to: string | undefined) => void;

vi.mock("../../../control/patroni", async (original) => ({
  ...(await original<object>()),
  clusterView: (members: readonly MemberAccess[]) => {
    done.push(`asked ${members.map(({ name }) => name).join()}`);
    return Promise.resolve(view);
  },
}));
vi.mock("../../../control/presence", () => ({
  presence: (parts: readonly ContainerAccess[]) =>
    Promise.resolve({
      running: parts.filter(({ container }) => ![...stopped, ...unknown].includes(container)),
      absent: parts.map(({ container }) => container).filter((name) => stopped.includes(name)),
      unknown: parts.map(({ container }) => container).filter((name) => unknown.includes(name)),
    }),
}));
vi.mock("../../../control/leadership", async (original) => ({
  ...(await original<object>()),
  moveLeadership: (_: unknown, from: string, { to }: { to?: string }) => {
    done.push(`moved ${from} to ${to}`);
    return Promise.resolve().then(() => moves(to));
  },
}));
vi.mock("../../../control/traffic", () => ({
  releaseReaders: () => {
    done.push("readers released");
    return Promise.resolve();
  },
}));

const leader = (name: string): ClusterMember => ({ name, role: "leader", state: "running" });
const replica = (name: string, more: Partial<ClusterMember> = {}): ClusterMember => ({
  name,
  role: "quorum_standby",
  state: "streaming",
  lag: 0,
  ...more,
});
const member = (name: string): MemberAccess => ({
  host: { name: `host-of-${name}`, docker: "unix:///nowhere" },
  container: name,
  name,
  address: "10.0.0.1",
  port: 5432,
  apiPort: 8008,
});
const [m1, m2, m3] = ["m1", "m2", "m3"].map(member) as [MemberAccess, MemberAccess, MemberAccess];
const notes: string[] = [];
const options: RemovalOptions = {
  front: { haproxies: [], poolers: [] },
  timeoutSeconds: 0.4,
  maximumLagBytes: 16 * MIB,
  note: (text) => notes.push(text),
};

beforeEach(() => {
  view = { members: [leader("m1"), replica("m2"), replica("m3")] };
  stopped = [];
  unknown = [];
  done = [];
  notes.length = 0;
  moves = (to) => {
    view = { members: [replica("m1"), replica("m2"), replica("m3")].map((one) => ({ ...one })) };
    const members = view.members.map((one) => (one.name === to ? leader(one.name) : one));
    view = { members };
  };
});

describe("who leaves", () => {
  it.each([
    [["m1", "m2"], ["m1", "m2"], []],
    [["m1", "m2"], ["m1", "m2", "m3"], []],
    [
      ["m1", "m2", "m3"],
      ["m1", "m4"],
      ["m2", "m3"],
    ],
    [[], ["m1"], []],
  ])("%j to %j: %j", (old, now, expected) => {
    expect(leaving({ old, now })).toEqual(expected);
  });
});

describe("what would be missing without", () => {
  const behind = replica("m3", { lag: 17 * MIB });
  it.each<[string, ClusterMember[], string[], string[], RegExp | undefined]>([
    ["a replica", [leader("m1"), replica("m2"), replica("m3")], ["m2"], ["m1", "m3"], undefined],
    ["the leader", [leader("m1"), replica("m2"), replica("m3")], ["m1"], ["m2", "m3"], undefined],
    ["one of two", [leader("m1"), replica("m2")], ["m2"], ["m1"], undefined],
    ["one that is not there", [leader("m1"), replica("m3")], ["m2"], ["m1", "m3"], undefined],
    [
      "a replica, when the other does not stream",
      [leader("m1"), replica("m2"), replica("m3", { state: "starting" })],
      ["m2"],
      ["m1", "m3"],
      /of those that stay m3 does not stream/,
    ],
    [
      "a replica, when the other is far behind",
      [leader("m1"), replica("m2"), behind],
      ["m2"],
      ["m1", "m3"],
      /m3 does not stream/,
    ],
    ["the leader, when nobody may follow", [leader("m1"), behind], ["m1"], ["m3"], /m1 leads/],
    [
      "a member of a cluster that nobody leads",
      [replica("m2")],
      ["m2"],
      ["m1"],
      /no running leader/,
    ],
  ])("%s", (_, members, going, staying, problem) => {
    const found = missingWithout({ members }, going, staying, 16 * MIB);
    if (problem === undefined) expect(found).toEqual([]);
    else expect(found.join()).toMatch(problem);
  });
});

describe("before anything is changed", () => {
  const all = [m1, m2, m3];

  it("leadership stays where a member stays", async () => {
    await leadAmongStaying(all, { old: ["m1", "m2", "m3"], now: ["m1", "m2"] }, options);
    expect(done).toEqual(["asked m1,m2,m3"]);
  });

  it("leadership moves to a member that stays, not to a new one", async () => {
    view = { members: [...view.members, replica("m4")] };
    const members = [member("m4"), m2, m3, m1];
    const now = ["m4", "m2", "m3"];
    await leadAmongStaying(members, { old: ["m1", "m2", "m3"], now }, options);
    expect(done).toContain("moved m1 to m3");
  });

  it("is refused where the leader leaves and nobody else streams", async () => {
    view = { members: [leader("m1"), replica("m2", { state: "stopped" })] };
    const failure = leadAmongStaying([m1, m2], { old: ["m1", "m2"], now: ["m2"] }, options);
    await expect(failure).rejects.toThrow(/take m1 out.*m1 leads, and m2.*Nothing was removed/s);
    expect(done.filter((one) => one.startsWith("moved"))).toEqual([]);
  });

  it("is refused at once where the cluster is down: nobody knows whose data is the newest", async () => {
    stopped = ["m1", "m2", "m3"];
    const failure = leadAmongStaying(all, { old: ["m1", "m2", "m3"], now: ["m1", "m2"] }, options);
    await expect(failure).rejects.toThrow(/none of them runs.*all the members that it had/s);
    expect(done).toEqual([]);
  });

  it("is refused in maintenance mode: a member that stops there keeps its lead", async () => {
    view = { ...view, pause: true };
    const failure = leadAmongStaying(all, { old: ["m1", "m2", "m3"], now: ["m1", "m2"] }, options);
    await expect(failure).rejects.toThrow(/paused.*ops -- resume/s);
  });

  it("is refused where the leader's host is known no more", async () => {
    const failure = leadAmongStaying(
      [m2, m3],
      { old: ["m1", "m2", "m3"], now: ["m2", "m3"] },
      options,
    );
    await expect(failure).rejects.toThrow(/m1 leads, on a host that no way is known to/);
  });
});

describe("before a member's container goes", () => {
  it("a replica is asked for nothing, and readers are led away", async () => {
    await leaveOthers(m3, [m1, m2, m3], options);
    expect(done).toEqual(["asked m1,m2", "readers released"]);
  });

  it("a leader hands over to one that streams", async () => {
    await leaveOthers(m1, [m1, m2, m3], options);
    expect(done).toEqual(["asked m2,m3", "moved m1 to m3", "asked m2,m3", "readers released"]);
  });

  it("a leader whose host does not answer is waited for to lose its lead", async () => {
    moves = () => {
      setTimeout(() => (view = { members: [leader("m2"), replica("m3")] }), 100);
      throw new UnreachableError({
        doing: "ask m1",
        where: "m1",
        found: "no route",
        remedy: "wait",
      });
    };
    await leaveOthers(m1, [m1, m2, m3], { ...options, timeoutSeconds: 2 });
    expect(notes).toEqual(["waiting until another member leads: m1: no route"]);
    expect(done.at(-1)).toBe("readers released");
  });

  it("stays where it leads on", async () => {
    moves = () => undefined;
    await expect(leaveOthers(m1, [m1, m2, m3], options)).rejects.toThrow(
      /take m1 away.*m1 still leads.*npm run down/s,
    );
    expect(done).not.toContain("readers released");
  });

  it("others that were removed in the same command are not waited for", async () => {
    stopped = ["m2"];
    view = { members: [leader("m1")] };
    await leaveOthers(m3, [m1, m2, m3], options);
    expect(done).toEqual(["asked m1", "readers released"]);
  });

  it("stays where the one that is left does not stream", async () => {
    view = { members: [leader("m1"), replica("m2", { state: "starting" }), replica("m3")] };
    await expect(leaveOthers(m3, [m1, m2, m3], options)).rejects.toThrow(/m2 does not stream/);
  });

  it("the last one goes with a word", async () => {
    stopped = ["m1", "m2"];
    await leaveOthers(m3, [m1, m2, m3], options);
    expect(done).toEqual([]);
    expect(notes).toEqual(["no other member runs: m3 goes with all that it serves"]);
  });

  it("stays where no host of another member answers: they may well run", async () => {
    stopped = ["m1"];
    unknown = ["m2"];
    await expect(leaveOthers(m3, [m1, m2, m3], options)).rejects.toThrow(/no engine.*m2/s);
  });
});
