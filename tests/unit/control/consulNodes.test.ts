import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ConsulRequest } from "../../../control/consul";
import { grantRemovals } from "../../../control/consulGrant";
import {
  agentMayGo,
  changeSome,
  forgetNode,
  forgettingSteps,
  type Gossip,
  keepsServer,
  serverMayGo,
} from "../../../control/consulNodes";
import { UnreachableError } from "../../../control/errors";

const host = { name: "pg1", docker: "unix:///nowhere" };
const server = (container: string) => ({ host, container, httpsPort: 8501, address: "10.0.0.1" });
const session = { servers: [server("a"), server("b")], token: "secret-token" };

/** What the servers know; gossip goes on by itself, as the clock would have it. */
let world: {
  gossip: Map<string, Gossip[]>;
  catalog: Set<string>;
  raft: { ID: string; Address: string }[];
  autopilot: { Name: string; Healthy: boolean; Status: string }[];
  /** Whether those that vote lose a server that is forced out, as autopilot should see to. */
  follows: boolean;
  silent: Set<string>;
  changes: string[];
};
const STATUS = ["none", "alive", "leaving", "left", "failed"];

function unreachable(): UnreachableError {
  return new UnreachableError({ doing: "ask", where: "a", found: "no leader", remedy: "wait" });
}

function answer(path: string): unknown {
  if (path === "/v1/catalog/nodes") return [...world.catalog].map((Node) => ({ Node }));
  if (path === "/v1/operator/raft/configuration") return { Servers: world.raft };
  if (path === "/v1/operator/autopilot/state")
    return { Servers: Object.fromEntries(world.autopilot.map((one) => [one.Name, one])) };
  if (path !== "/v1/agent/members") throw new Error(`nothing at ${path}`);
  return [...world.gossip].map(([Name, states]) => {
    const now = states.length > 1 ? states.shift() : states[0];
    return { Name, Status: STATUS.indexOf(now ?? "none") };
  });
}

function apply({ method, path, body }: ConsulRequest): void {
  world.changes.push(`${method} ${path}`);
  const forced = /force-leave\/(.+)\?prune$/.exec(path)?.[1];
  if (forced !== undefined) {
    world.gossip.delete(forced);
    if (world.follows) world.catalog.delete(forced);
    if (world.follows) world.raft = world.raft.filter(({ ID }) => ID !== `id-of-${forced}`);
  } else if (method === "DELETE") {
    world.raft = world.raft.filter(({ ID }) => !path.endsWith(`?id=${ID}`));
  } else world.catalog.delete((body as { Node: string }).Node);
}

vi.mock("../../../control/consul", () => ({
  readConsul: (_: unknown, path: string) => Promise.resolve().then(() => answer(path)),
  changeConsul: ({ container }: { container: string }, _: string, all: ConsulRequest[]) =>
    Promise.resolve().then(() => {
      if (world.silent.has(container)) throw unreachable();
      all.forEach(apply);
    }),
}));

beforeEach(() => {
  world = {
    gossip: new Map([
      ["a", ["alive"]],
      ["b", ["alive"]],
      ["c", ["alive", "alive", "failed"]],
    ]),
    catalog: new Set(["a", "b", "c"]),
    raft: ["a", "b", "c"].map((name) => ({ ID: `id-of-${name}`, Address: `${name}:8300` })),
    autopilot: ["a", "b", "c"].map((Name) => ({ Name, Healthy: true, Status: "voter" })),
    follows: true,
    silent: new Set(),
    changes: [],
  };
});

describe("a server may go", () => {
  const well = (name: string) => ({ name, healthy: true, votes: true });
  const three = ["a", "b", "c"].map(well);

  it.each<[string, ReturnType<typeof well>[], string, string[], RegExp[]]>([
    ["while the others are well", three, "c", ["a", "b"], []],
    [
      "itself not well",
      [well("a"), well("b"), { ...well("c"), healthy: false }],
      "c",
      ["a", "b"],
      [],
    ],
    ["the only one", [well("a")], "a", [], []],
    [
      "with another not well",
      [well("a"), { ...well("b"), healthy: false }, well("c")],
      "c",
      ["a", "b"],
      [/b is not healthy/, /1 of 3 servers would be left, and their quorum is 2/],
    ],
    ["with one that has not joined", [well("a"), well("c")], "c", ["a", "b"], [/b is not among/]],
    [
      "with one that does not vote yet",
      [well("a"), well("c"), { ...well("b"), votes: false }],
      "c",
      ["a", "b"],
      [/b is not voting yet/],
    ],
    [
      "with two of five on hosts that are out, which nobody waits for",
      [...three, { ...well("d"), healthy: false }, { ...well("e"), healthy: false }],
      "c",
      ["a", "b"],
      [/2 of 5 servers would be left, and their quorum is 3/],
    ],
  ])("%s", (_, seen, name, others, problems) => {
    const found = keepsServer(seen, name, others);
    expect(found).toHaveLength(problems.length);
    problems.forEach((problem, index) => expect(found[index]).toMatch(problem));
  });

  it("once the one before it is well again", async () => {
    const [, second] = world.autopilot;
    if (second === undefined) throw new Error("no second server");
    second.Healthy = false;
    setTimeout(() => (second.Healthy = true), 300);
    await expect(serverMayGo(session, "c", ["a", "b"], 3000)).resolves.toBe(3);
  });

  it("or an error says who is not, and that nothing was done", async () => {
    world.autopilot = world.autopilot.filter(({ Name }) => Name !== "b");
    const failure = serverMayGo(session, "c", ["a", "b"], 300);
    await expect(failure).rejects.toThrow(/take c out.*b is not among.*Nothing was taken out/s);
  });
});

describe("an agent may go", () => {
  it("while the others are alive", async () => {
    await agentMayGo(session, "c", ["a", "b"], 300);
    world.gossip.set("b", ["failed"]);
    await expect(agentMayGo(session, "c", ["a", "b"], 300)).rejects.toThrow(/agent b is failed/);
    await expect(agentMayGo(session, "c", ["a", "x"], 300)).rejects.toThrow(/x is unknown/);
  });
});

describe("what is left of a node", () => {
  it.each<[string, Parameters<typeof forgettingSteps>[1], string[]]>([
    ["waits while gossip takes it for alive", trace("alive", true, "1"), []],
    ["waits while it leaves", trace("leaving", true, "1"), []],
    [
      "is forced out when it failed",
      trace("failed", true, "1"),
      ["PUT /v1/agent/force-leave/c?prune"],
    ],
    ["is forced out when it left", trace("left", false), ["PUT /v1/agent/force-leave/c?prune"]],
    [
      "is taken from those that vote, and from the catalog",
      trace(undefined, true, "1"),
      ["DELETE /v1/operator/raft/peer?id=1", "PUT /v1/catalog/deregister"],
    ],
    ["is nothing", trace(undefined, false), []],
  ])("%s", (_, traces, steps) => {
    const found = forgettingSteps("c", traces).map(({ method, path }) => `${method} ${path}`);
    expect(found).toEqual(steps);
  });

  function trace(gossip: Gossip | undefined, inCatalog: boolean, raftId?: string) {
    return { gossip, inCatalog, raftId };
  }
});

describe("forgetting a node", () => {
  const node = { name: "c", raftAddress: "c:8300" };

  it("waits until it failed, and forces it out once", async () => {
    await forgetNode(session, node, 10_000);
    expect(world.changes).toEqual(["PUT /v1/agent/force-leave/c?prune"]);
    expect(world.raft.map(({ ID }) => ID)).toEqual(["id-of-a", "id-of-b"]);
  });

  it("takes it from those that vote, where nothing else does", async () => {
    world.follows = false;
    await forgetNode(session, node, 10_000);
    expect(world.changes).toEqual([
      "PUT /v1/agent/force-leave/c?prune",
      "DELETE /v1/operator/raft/peer?id=id-of-c",
      "PUT /v1/catalog/deregister",
    ]);
    expect([...world.catalog]).toEqual(["a", "b"]);
  });

  it("does nothing where nothing knows it, so that it may be done again", async () => {
    world.gossip.delete("c");
    world.catalog.delete("c");
    world.raft.pop();
    await forgetNode(session, node, 1000);
    expect(world.changes).toEqual([]);
  });

  it("fails for one whose process still runs, and touches it not", async () => {
    world.gossip.set("c", ["alive"]);
    const failure = forgetNode(session, node, 600);
    await expect(failure).rejects.toThrow(/forget c.*gossip takes it for alive.*has ended/s);
    expect(world.changes).toEqual([]);
  });

  it("asks the next server where one gives no answer, and names all where none does", async () => {
    world.silent.add("a");
    await changeSome(session, [{ method: "PUT", path: "/v1/agent/force-leave/c?prune" }]);
    expect(world.changes).toHaveLength(1);
    world.silent.add("b");
    const failure = changeSome(session, [{ method: "PUT", path: "/v1/x" }]);
    await expect(failure).rejects.toThrow(/a: no leader \| b: no leader/);
    await expect(failure).rejects.not.toThrow(/secret-token/);
  });
});

describe("the grant of a part that is gone", () => {
  it("is its policy, and the tokens that have it and no other", () => {
    const token = (AccessorID: string, ...names: string[]) => ({
      AccessorID,
      SecretID: "s",
      Description: "",
      Policies: names.map((Name) => ({ Name })),
    });
    const policies = ["n1", "n10"].map((Name) => ({ ID: `policy-${Name}`, Name }));
    const tokens = [token("1", "n1"), token("2", "n10"), token("3", "n1", "viewer"), token("4")];
    expect(grantRemovals("n1", policies, tokens).map(({ path }) => path)).toEqual([
      "/v1/acl/token/1",
      "/v1/acl/policy/policy-n1",
    ]);
    expect(grantRemovals("n2", policies, tokens)).toEqual([]);
  });
});
