/* eslint-disable max-lines -- all gates are tried with one set of stand-ins */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ContainerAccess } from "../../../model/access";
import type {
  BackupGateInputs,
  ConsulNodeInputs,
  DrainInputs,
  EndpointGateInputs,
  MemberExitInputs,
  RosterState,
} from "../../../model/resources";
import { backupMayEnd } from "../../../control/backupGate";
import type { ContainerState } from "../../../control/docker";
import { ControlError } from "../../../control/errors";
import { reachesLeader } from "../../../control/endpointGate";
import type { ClusterView } from "../../../control/patroni";
import { differences } from "../../../provider/diff";
import { driftOf } from "../../../provider/drift";
import type { Props } from "../../../provider/secrets";
import type { AnyType } from "../../../provider/type";
import { backupGate } from "../../../provider/types/backupGate";
import { consulNode } from "../../../provider/types/consulNode";
import { drainType } from "../../../provider/types/drain";
import { endpointGate } from "../../../provider/types/endpointGate";
import { memberExit } from "../../../provider/types/memberExit";
import { roster } from "../../../provider/types/roster";

/** What was done to the live cluster, in order. */
let done: string[];
let states: Record<string, Partial<ContainerState>>;
let view: ClusterView;
let voters: number;
let neverRan: string[];
/** What pgBackRest says, one answer after the other: whether a backup runs, or an error. */
let backups: (boolean | Error)[];
const notes: string[] = [];

const { log, stateOf } = vi.hoisted(() => ({
  log: (what: string): Promise<undefined> => {
    done.push(what);
    return Promise.resolve(undefined);
  },
  stateOf: (name: string) => ({ exists: true, running: true, status: "running", ...states[name] }),
}));

vi.mock("../../../provider/warn", () => ({ warn: (text: string) => notes.push(text) }));
vi.mock("../../../control/docker", async (original) => ({
  ...(await original<object>()),
  containerState: ({ container }: ContainerAccess) => Promise.resolve(stateOf(container)),
}));
vi.mock("../../../control/exec", async (original) => ({
  ...(await original<object>()),
  execChecked: ({ container }: ContainerAccess, [program]: string[]) =>
    log(`${program} of ${container}`),
}));
vi.mock("../../../control/haproxy", () => ({
  serverStatus: () => Promise.resolve(new Map([["m1", "UP"]])),
}));
vi.mock("../../../control/poolPause", () => ({
  pauseUntilBack: ({ container }: ContainerAccess, { port }: { port: number }) =>
    log(`${container} paused until ${port} is back`),
}));
vi.mock("../../../control/pgbackrest", () => ({
  stanzaInfo: ({ repository, stanza }: { repository: ContainerAccess; stanza: string }) => {
    const held = backups.length > 1 ? backups.shift() : backups[0];
    if (held instanceof Error) return Promise.reject(held);
    const info = { status: { lock: { backup: { held } } } };
    return log(`asked ${repository.container} of ${stanza}`).then(() => info);
  },
}));
vi.mock("../../../control/consulNodes", () => ({
  serverMayGo: (_: unknown, name: string, others: string[]) =>
    log(`gate of ${name} before ${others.join()}`).then(() => voters),
  agentMayGo: (_: unknown, name: string, others: string[]) =>
    log(`gate of ${name} before ${others.join()}`),
  forgetNode: (
    { servers }: { servers: ContainerAccess[] },
    { name, raftAddress = "" }: { name: string; raftAddress?: string },
  ) => {
    const by = servers.map(({ container }) => container).join();
    return log(`${name} forgotten by ${by}${raftAddress === "10.0.0.1:8300" ? "" : raftAddress}`);
  },
}));
vi.mock("../../../control/consulGrant", () => ({
  removeGrant: (_: unknown, name: string) => log(`grant of ${name} removed`),
}));
vi.mock("../../../control/memberData", async (original) => ({
  ...(await original<object>()),
  hasNeverRun: ({ container }: ContainerAccess) => Promise.resolve(neverRan.includes(container)),
}));
vi.mock("../../../control/memberRecord", () => ({
  forgetMember: ({ member, others }: { member: string; others: { name: string }[] }) =>
    log(`${member} forgotten by ${others.map(({ name }) => name).join()}`),
}));
vi.mock("../../../control/leadership", async (original) => ({
  ...(await original<object>()),
  gate: (members: { name: string }[]) =>
    log(members.length === 2 ? "gate" : `gate of ${members.map(({ name }) => name).join()}`).then(
      () => view,
    ),
  moveLeadership: () => log("leadership moved to one of the members"),
}));
vi.mock("../../../control/patroni", async (original) => ({
  ...(await original<object>()),
  clusterView: () => Promise.resolve(view),
}));
vi.mock("../../../control/handover", () => ({
  endLeader: () => log("leader ended"),
  backAgain: () => log("back again"),
}));
vi.mock("../../../control/traffic", () => ({ drainReplica: () => log("readers led away") }));
vi.mock("../../../control/removal", async (original) => ({
  ...(await original<object>()),
  leaveOthers: (one: { name: string }) => log(`${one.name} leaves`),
  leadAmongStaying: (
    asked: { name: string }[],
    _: unknown,
    { front: { poolers } }: { front: { poolers: ContainerAccess[] } },
  ) => {
    const names = asked.map(({ name }) => name).join();
    return log(`led on, asked ${names}, paused ${poolers.map((one) => one.container).join()}`);
  },
}));

beforeEach(() => {
  done = [];
  states = {};
  notes.length = 0;
  voters = 3;
  neverRan = [];
  backups = [false];
  view = {
    members: [
      { name: "m1", role: "leader", state: "running" },
      { name: "m2", role: "quorum_standby", state: "streaming" },
    ],
  };
});
afterEach(() => vi.unstubAllEnvs());

const host = { name: "pg1", docker: "unix:///nowhere" };
const access = (container: string): ContainerAccess => ({ host, container });
const member = (name: string) => ({
  ...access(name),
  name,
  address: "10.0.0.1",
  port: 5432,
  apiPort: 8008,
});
const consul = ["a", "b"].map((name) => ({
  ...access(name),
  httpsPort: 8501,
  address: "10.0.0.1",
}));
const front = { haproxies: [], poolers: [], timeoutSeconds: 1, maximumLagBytes: 1 };
const drainInputs: DrainInputs = {
  ...front,
  cluster: "dev",
  member: member("m1"),
  members: ["m1", "m2"].map(member),
  unreachable: 0,
  image: "postgres:1",
  trigger: "t1",
  memoryMiB: 64,
  consul,
  managementToken: "secret",
  repository: access("r1"),
  stanza: "dev",
};
const nodeInputs: ConsulNodeInputs = {
  node: access("a"),
  raftAddress: "10.0.0.1:8300",
  serversOut: 0,
  servers: consul,
  agents: ["x", "y"].map(access),
  cluster: "dev",
  image: "consul:1",
  managementToken: "secret",
  trigger: "t1",
  memoryMiB: 64,
  timeoutSeconds: 1,
};
const gateInputs: EndpointGateInputs = {
  cluster: "dev",
  image: "haproxy:1",
  kind: "haproxy",
  endpoint: access("h1"),
  others: [access("h2")],
  before: 0,
  through: [{ pooler: access("p1"), address: "10.0.0.1", port: 5000 }],
  trigger: "t1",
  memoryMiB: 64,
  timeoutSeconds: 0.3,
};
const backupInputs: BackupGateInputs = {
  cluster: "dev",
  image: "postgres:1",
  container: access("s1"),
  repository: access("r1"),
  stanza: "dev",
  trigger: "t1",
  memoryMiB: 64,
};
const exitInputs: MemberExitInputs = {
  ...front,
  member: member("m1"),
  members: drainInputs.members,
};
const rosterInputs: RosterState = {
  ...front,
  names: ["m1", "m2", "m3"],
  members: ["m1", "m2", "m3"].map(member),
  left: [],
};

const update = (type: AnyType, old: object, change: object) =>
  type.update(old as Props, { ...old, ...change });
const changed = (type: AnyType, old: object, change: object) =>
  differences(type, old as Props, { ...old, ...change }).changed;

it.each<[string, AnyType, object]>([
  ["Drain", drainType, drainInputs],
  ["ConsulNode", consulNode, nodeInputs],
  ["EndpointGate", endpointGate, gateInputs],
  ["BackupGate", backupGate, backupInputs],
])("%s sees another memory limit, which opens no gate", async (_, type, inputs) => {
  const change = { memoryMiB: 128 };
  expect(changed(type, inputs, change)).toEqual(["memoryMiB"]);
  expect(await update(type, inputs, change)).toMatchObject(change);
  expect(done).toEqual([]);
});

describe.each<[string, AnyType, object]>([
  ["Drain", drainType, drainInputs],
  ["MemberExit", memberExit, exitInputs],
  ["ConsulNode", consulNode, nodeInputs],
  ["EndpointGate", endpointGate, gateInputs],
  ["BackupGate", backupGate, backupInputs],
  ["Roster", roster, rosterInputs],
])("%s", (_, type, inputs) => {
  it("reaches nothing when it is made: at a first start there is nothing", async () => {
    const { state } = await type.create(inputs as Props);
    expect(state).toEqual(inputs);
    expect(done).toEqual([]);
  });

  it("leaves everything alone when the whole cluster goes", async () => {
    vi.stubEnv("PGHA_TAKE_DOWN", "1");
    await type.delete(inputs as Props);
    expect(done).toEqual([]);
  });
});

describe("Drain", () => {
  const roll = () => update(drainType, drainInputs, { trigger: "t2" });

  it("drains for another trigger only, and then knows the newest ways", async () => {
    expect(changed(drainType, drainInputs, { member: member("m9") })).toEqual(["member"]);
    const news = { member: member("m9") };
    expect(await update(drainType, drainInputs, news)).toMatchObject(news);
    expect(done).toEqual([]);
  });

  it("is refused in the preview where with a member out no standby would be left", async () => {
    const news = { ...drainInputs, unreachable: 1, trigger: "t2" };
    const failures = (olds: object, now: object) => drainType.check?.(olds, now as Props) ?? [];
    expect(failures(drainInputs, news)).toMatchObject([
      { reason: expect.stringMatching(/^refused: cannot take m1 out: 1 more/) as unknown },
    ]);
    // Nothing of the kind: no roll, a first `up`, enough others.
    expect(failures(news, news)).toEqual([]);
    expect(failures({}, news)).toEqual([]);
    expect(failures({ ...drainInputs, down: true }, news)).toEqual([]); // that is a repair
    const members = ["m1", "m2", "m4"].map(member);
    expect(failures(drainInputs, { ...news, members })).toEqual([]);
    await expect(update(drainType, drainInputs, news)).rejects.toThrow(/take m1 out/);
    expect(done).toEqual([]);
  });

  it("ends a leader, and leads readers away from a replica", async () => {
    await roll();
    expect(done).toEqual(["asked r1 of dev", "gate", "leader ended", "back again"]);
    done = [];
    await update(drainType, { ...drainInputs, member: member("m2") }, { trigger: "t2" });
    expect(done).toEqual(["asked r1 of dev", "gate", "readers led away"]);
  });

  it("lets a member through in whose volume PostgreSQL has never run", async () => {
    neverRan = ["m1"];
    await roll();
    expect(done).toEqual([]);
  });

  it("does not let a member that is about to leave take the lead", async () => {
    view = { members: [...view.members, { name: "m3", role: "replica", state: "streaming" }] };
    await roll();
    expect(done).toEqual(["asked r1 of dev", "gate", "leadership moved to one of the members"]);
  });

  it("waits for a member that came in between, and for none that the same `up` makes later", async () => {
    const more = { members: ["m1", "m2", "m3", "m4"].map(member), trigger: "t2" };
    states = { m2: { exists: false }, m4: { exists: false } };
    const state = await update(drainType, drainInputs, more);
    expect(done[1]).toBe("gate of m1,m2,m3");
    // That `up` died before it made m4: the next one does not wait for it either.
    done = [];
    await update(drainType, state, { ...more, trigger: "t3" });
    expect(done[1]).toBe("gate of m1,m2,m3");
  });

  const live = { exists: true, running: true, status: "running" };
  it.each<[string, ContainerState, string[]]>([
    ["as declared", { ...live, image: "postgres:1", networks: ["dev", "other"] }, []],
    ["of another image", { ...live, image: "postgres:2", networks: ["dev"] }, ["image"]],
    ["in no network of the cluster", { ...live, image: "postgres:1", networks: [] }, ["network"]],
    [
      "that an `up` left as it was when it died behind the gate",
      { ...live, image: "postgres:1", networks: ["dev"], labels: { "postgres-ha.trigger": "old" } },
      ["arguments"],
    ],
    ["stopped", { exists: true, running: false, status: "exited", image: "postgres:2" }, []],
    ["gone", { exists: false, running: false, status: "missing" }, []],
  ])("finds what drifted of a container %s", (_, state, drifted) => {
    expect(driftOf(drainInputs, state)).toEqual(drifted);
  });

  it("shows a drift as another trigger, so that the member is drained before it is replaced", async () => {
    states = { m1: { image: "postgres:2", networks: ["dev"] } };
    const read = await drainType.read(drainInputs as unknown as Props);
    expect(read).toMatchObject({ trigger: "drifted: image" });
    expect(changed(drainType, read ?? {}, drainInputs)).toEqual(["trigger"]);
    await drainType.update(read ?? {}, drainInputs as unknown as Props);
    expect(done[1]).toBe("gate");
  });

  it("does not ask the host of a member that was taken out of the lists", async () => {
    states = { m1: { image: "postgres:2", networks: ["dev"] } };
    const retired = { ...drainInputs, members: [member("m2")] };
    expect(await drainType.read(retired as unknown as Props)).toEqual(retired);
  });

  it("has the member forgotten after its container, and its token removed", async () => {
    await drainType.delete(drainInputs as unknown as Props);
    expect(done).toEqual(["m1 forgotten by m2", "grant of patroni-m1 removed"]);
  });

  it("has nobody to tell where no Consul server runs", async () => {
    states = { a: { running: false }, b: { running: false } };
    await drainType.delete(drainInputs as unknown as Props);
    expect(done).toEqual([]);
    expect(notes.join()).toMatch(/nobody to forget m1/);
  });
});

describe("MemberExit", () => {
  it("records the newest of everything, as its delete needs it", async () => {
    const change = { members: [member("m1")] };
    expect(changed(memberExit, exitInputs, change)).toEqual(["members"]);
    expect(await update(memberExit, exitInputs, change)).toMatchObject(change);
    expect(done).toEqual([]);
    await memberExit.delete(exitInputs as unknown as Props);
    expect(done).toEqual(["m1 leaves"]);
  });
});

describe("Roster", () => {
  it("asks the members that stay and those that leave, when one leaves", async () => {
    const pooler = (name: string) => ({ ...access(name), port: 6432, target: "primary" });
    const old = { ...rosterInputs, poolers: ["p1", "p3"].map(pooler) };
    const names = ["m1", "m2", "m4"];
    const poolers = ["p1", "p4"].map(pooler);
    await update(roster, old, { names, members: names.map(member), poolers });
    expect(done).toEqual(["led on, asked m1,m2,m4,m3, paused p1,p4,p3"]);
  });

  it("shows a member that left and leads again, as an `up` that died had moved it: moved once more", async () => {
    const names = ["m2", "m3"];
    const now = { names, members: names.map(member) };
    const state = await update(roster, rosterInputs, now);
    expect(state).toMatchObject({ names, left: [member("m1")] });
    done = [];
    const seen = await roster.read(state);
    expect(seen).toMatchObject({ names: ["m2", "m3", "m1"] });
    await update(roster, seen as object, now);
    expect(done).toEqual(["led on, asked m2,m3,m1, paused "]);
  });

  it("forgets a member that left once the cluster knows it no more", async () => {
    const state = { ...rosterInputs, left: [member("m9")] };
    expect(await roster.read(state as unknown as Props)).toEqual(rosterInputs);
  });

  it("asks nothing for a new member, and looks at names only", async () => {
    const more = { names: ["m1", "m2", "m3", "m4"] };
    expect(changed(roster, rosterInputs, more)).toEqual(["names"]);
    expect(changed(roster, rosterInputs, { members: [] })).toEqual([]);
    await update(roster, rosterInputs, more);
    expect(done).toEqual([]);
  });
});

describe("ConsulNode", () => {
  const roll = (inputs: ConsulNodeInputs) => update(consulNode, inputs, { trigger: "t2" });

  it("shows a drift as another trigger; a retired host is not asked", async () => {
    states = { x: { image: "consul:0", networks: ["dev"] } };
    const agent = { ...nodeInputs, node: access("x"), raftAddress: undefined };
    const read = (state: object) => consulNode.read(state as Props);
    expect(await read(agent)).toMatchObject({ trigger: "drifted: image" });
    expect(await read({ ...agent, agents: [access("y")] })).toMatchObject({ trigger: "t1" });
    states = { y: { running: false, status: "restarting" } };
    const other = { ...agent, node: access("y"), agents: [access("y")] };
    expect(await read(other)).toMatchObject({ trigger: "t1", down: true });
    states = { a: { image: "consul:1", networks: ["dev"] } };
    expect(await read(nodeInputs)).toEqual(nodeInputs);
  });

  it("is a gate for another trigger only", async () => {
    await update(consulNode, nodeInputs, { servers: [] });
    expect(done).toEqual([]);
    await roll(nodeInputs);
    expect(done).toEqual(["gate of a before b"]);
    expect(notes).toEqual([]);
  });

  it("is refused in the preview where with a server out the others would have no majority", () => {
    const failures = (olds: object, now: object) => consulNode.check?.(olds, now as Props);
    const news = { ...nodeInputs, servers: consul.slice(0, 2), serversOut: 1, trigger: "t2" };
    expect(failures(nodeInputs, news)).toMatchObject([
      { reason: expect.stringMatching(/^refused: cannot replace a: 1 more Consul/) as unknown },
    ]);
    // Nothing of the kind: no roll, a first `up`, an agent, enough others, one server that is alone.
    expect(failures(news, news)).toEqual([]);
    expect(failures({}, news)).toEqual([]);
    expect(failures(nodeInputs, { ...news, raftAddress: undefined })).toEqual([]);
    const four = ["a", "b", "c", "d"].map((name) => ({ ...consul[0], ...access(name) }));
    expect(failures(nodeInputs, { ...news, servers: four })).toEqual([]);
    expect(failures({ ...nodeInputs, down: true }, news)).toEqual([]); // that is a repair
    const alone = { ...news, servers: consul.slice(0, 1), serversOut: 0 };
    expect(failures(nodeInputs, alone)).toEqual([]);
  });

  it("asks for the other agents before an agent", async () => {
    await roll({ ...nodeInputs, node: access("x"), raftAddress: undefined });
    expect(done).toEqual(["gate of x before y"]);
  });

  it("says that Consul is away where there are no three servers", async () => {
    voters = 1;
    await roll(nodeInputs);
    await roll({ ...nodeInputs, servers: consul.slice(0, 1) });
    expect(done).toEqual(["gate of a before b"]);
    expect(notes).toHaveLength(2);
    expect(notes.join()).toMatch(/Consul is away while a is replaced/);
  });

  it("has the old vote of a server forgotten that is on another machine at another address", async () => {
    const moved = { raftAddress: "10.0.0.9:8300" };
    states = { a: { exists: false, running: false, status: "missing" } };
    await update(consulNode, nodeInputs, moved);
    expect(done).toEqual(["a forgotten by b"]);
    // Its data came with it: it has kept its identity.
    done = [];
    states = { a: { running: false, status: "exited" } };
    await update(consulNode, nodeInputs, moved);
    expect(done).toEqual([]);
  });

  it("does not wait for one that the same `up` makes later", async () => {
    states = { c: { exists: false, running: false, status: "missing" } };
    const servers = ["a", "b", "c"].map((name) => ({ ...consul[0], ...access(name) }));
    await update(consulNode, nodeInputs, { servers, trigger: "t2" });
    expect(done).toEqual(["gate of a before b"]);
  });

  it("lets one that does not run be repaired", async () => {
    states = { a: { running: false } };
    await roll(nodeInputs);
    expect(done).toEqual([]);
  });

  it("has the others forget it, and its token removed; itself is not asked", async () => {
    await consulNode.delete(nodeInputs as unknown as Props);
    expect(done).toEqual(["a forgotten by b", "grant of a removed"]);
  });

  it("has nobody to tell where it is the last", async () => {
    states = { b: { running: false } };
    await consulNode.delete(nodeInputs as unknown as Props);
    expect(done).toEqual([]);
    expect(notes.join()).toMatch(/nobody to forget a/);
  });
});

describe("EndpointGate", () => {
  const roll = (inputs: EndpointGateInputs) => update(endpointGate, inputs, { trigger: "t2" });

  it("opens when the others serve, and the pools that go through it wait", async () => {
    expect(changed(endpointGate, gateInputs, { others: [], through: [] })).toEqual([]);
    await roll(gateInputs);
    expect(done).toEqual(["healthcheck of h2", "p1 paused until 5000 is back"]);
    expect(notes).toEqual([]);
  });

  it("shows a drift as another trigger", async () => {
    states = { h1: { image: "haproxy:1", networks: ["other"] } };
    const read = await endpointGate.read(gateInputs as unknown as Props);
    expect(read).toMatchObject({ trigger: "drifted: network" });
  });

  it("stays shut where another one does not run", async () => {
    states = { h2: { running: false, status: "exited" } };
    await expect(roll(gateInputs)).rejects.toThrow(/take h1 out.*h2.*it is exited.*Nothing was/s);
    expect(done).toEqual([]);
  });

  it("says that clients reconnect where there is no other", async () => {
    await roll({ ...gateInputs, kind: "pgbouncer", others: [], through: [] });
    expect(notes.join()).toMatch(/h1 is replaced with no other in its place/);
  });

  it("lets one that does not run be repaired", async () => {
    states = { h1: { running: false } };
    await roll(gateInputs);
    expect(done).toEqual([]);
  });

  it("does not wait for one that the same `up` makes later", async () => {
    states = { h3: { exists: false, running: false, status: "missing" } };
    const news = { others: ["h2", "h3"].map(access), trigger: "t2", through: [] };
    await update(endpointGate, gateInputs, news);
    expect(done).toEqual(["healthcheck of h2"]);
  });

  it("pauses no pool that does not run", async () => {
    states = { p1: { running: false } };
    await roll(gateInputs);
    expect(done).toEqual(["healthcheck of h2"]);
  });
});

describe("BackupGate", () => {
  const roll = (change: object = {}) =>
    update(backupGate, { ...backupInputs, ...change }, { trigger: "t2" });

  it("waits for the end of a backup", async () => {
    backups = [true, false];
    await roll();
    expect(done).toEqual(["asked r1 of dev", "asked r1 of dev"]);
    expect(notes).toEqual([]);
  });

  it.each<[string, boolean | Error, RegExp]>([
    ["a backup goes on", true, /s1.*breaks off.*ops -- backup.*a backup runs/],
    [
      "the repository says nothing of use",
      new ControlError({ doing: "run pgbackrest", where: "r1", found: "no space", remedy: "" }),
      /s1.*no space/,
    ],
  ])("opens all the same where %s, and says so", async (_, answer, note) => {
    backups = [answer];
    await backupMayEnd(access("s1"), backupInputs, (text) => notes.push(text), 0.1);
    expect(notes.join()).toMatch(note);
  });

  it.each([
    ["there is no repository in reach", { repository: undefined }, {}],
    ["its container does not run", {}, { s1: { running: false } }],
    ["the repository does not run", {}, { r1: { running: false } }],
  ])("asks nobody where %s", async (_, change, now) => {
    states = now;
    await roll(change);
    expect([done, notes]).toEqual([[], []]);
  });
});

describe("an HAProxy that reaches the leader", () => {
  it.each<[string, Record<string, string>, RegExp | undefined]>([
    ["one is up", { BACKEND: "UP", m1: "DOWN", m2: "UP" }, undefined],
    ["one comes up", { BACKEND: "UP", m1: "UP 1/2" }, undefined],
    ["all are down", { BACKEND: "UP", m1: "DOWN", m2: "MAINT" }, /m1 DOWN, m2 MAINT/],
    ["it has just started", { BACKEND: "UP", m1: "UP", m2: "UP" }, /m1 UP, m2 UP/],
    ["it has none", { BACKEND: "UP" }, /it has no members/],
  ])("%s", (_, status, problem) => {
    const look = () => reachesLeader(new Map(Object.entries(status)));
    if (problem === undefined) expect(look).not.toThrow();
    else expect(look).toThrow(problem);
  });
});
