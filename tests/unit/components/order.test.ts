import { beforeAll, describe, expect, it, vi } from "vitest";
import { planTopology } from "../../../model/topology";
import { rawStack, stackConfig } from "../topology/stacks";
import { isSecret, lookInto, type Run, runProgram } from "./mockEngine";

// A run of the whole program takes 1 s, on a busy machine ten times that.
vi.setConfig({ testTimeout: 60_000 });

const topology = planTopology(stackConfig("prod"));
const { consulServers, consulAgents, members, haproxies, poolers, repository } = topology;
const backRests = [...members.map((one) => one.backrest), ...(repository ? [repository] : [])];
let run: Run;

beforeAll(async () => {
  run = await runProgram(rawStack("prod"));
}, 60_000);

const named = (type: string, name: string) => lookInto(run).named(type, name);
const waitsFor = (name: string) => lookInto(run).waitsFor(name);
const names = (parts: readonly { readonly name: string }[]): string[] =>
  parts.map(({ name }) => name);

/** Of `others`, those that a container waits for; its certificate has its own name. */
const before = (name: string, others: readonly string[]): string[] => {
  const waits = waitsFor(name);
  return others.filter((other) => other !== name && waits.has(other));
};

describe("containers are replaced one after the other", () => {
  it.each<[string, readonly string[]]>([
    ["Consul servers", names(consulServers)],
    ["Consul agents", names(consulAgents)],
    ["members", names(members)],
    ["HAProxies", names(haproxies)],
    ["PgBouncers", names(poolers)],
  ])("%s", (_, parts) => {
    expect(parts.length).toBeGreaterThan(2);
    parts.forEach((name, index) => expect(before(name, parts)).toEqual(parts.slice(0, index)));
  });

  it("servers, agents, members, HAProxies, PgBouncers: each kind after all of the one before", () => {
    const kinds = [consulServers, consulAgents, members, haproxies, poolers].map(names);
    kinds.forEach((kind, index) => {
      const [earlier, later] = [kinds.slice(0, index).flat(), kinds.slice(index + 1).flat()];
      for (const name of kind) {
        expect([name, before(name, earlier)]).toEqual([name, earlier]);
        expect([name, before(name, later)]).toEqual([name, []]);
      }
    });
  });

  it("the repository before the members, which ask it for their data", () => {
    for (const name of names(members)) expect(waitsFor(name)).toContain(repository?.name);
  });

  it("and only then members may be restarted", () => {
    const all = names([...members, ...haproxies, ...poolers]);
    expect(before("orders-dynamic-config", all)).toEqual(all);
  });
});

describe("what stands before a container", () => {
  const gates: [string, string][] = [
    ...names([...consulServers, ...consulAgents]).map((name): [string, string] => [
      name,
      `${name}-node`,
    ]),
    ...names([...haproxies, ...poolers, ...backRests]).map((name): [string, string] => [
      name,
      `${name}-gate`,
    ]),
  ];

  it.each(gates)("of %s waits for all that the container waits for", (name, gate) => {
    const container = named(":Container", name).dependsOn;
    expect(container).toContain(gate);
    const own = run.declared.filter((one) => one.name === gate).flatMap((one) => one.dependsOn);
    expect(container.filter((one) => one !== gate && !own.includes(one))).toEqual([]);
  });

  it("has a trigger of its own container's settings", () => {
    const triggers = gates.map(([, gate]) => {
      const [declared] = run.declared.filter((one) => one.name === gate);
      return declared?.inputs.trigger;
    });
    expect(new Set(triggers).size).toBe(gates.length);
  });

  it("knows of a Consul server what the others know, and keeps the token to itself", () => {
    for (const { name, address, ports } of consulServers) {
      const { inputs } = named(":ConsulNode", `${name}-node`);
      expect(inputs).toMatchObject({
        node: { container: name },
        raftAddress: `${address}:${ports.rpc}`,
        servers: { length: consulServers.length },
      });
      expect(isSecret(inputs.managementToken)).toBe(true);
    }
    for (const { name } of consulAgents) {
      const { inputs } = named(":ConsulNode", `${name}-node`);
      expect(inputs).not.toHaveProperty("raftAddress");
      expect(inputs.agents).toMatchObject(consulAgents.map((one) => ({ container: one.name })));
      expect(inputs.image).toBe(named(":Container", name).inputs.image);
    }
  });

  it("knows of an HAProxy which pools go through it, and by which port", () => {
    for (const { name, address, ports } of haproxies) {
      const { inputs } = named(":EndpointGate", `${name}-gate`);
      const through = poolers
        .filter(({ via }) => via.name === name)
        .map((pooler) => ({
          pooler: { container: pooler.name },
          address,
          port: pooler.target === "primary" ? ports.primary : ports.replicas,
        }));
      expect(through.length).toBe(2);
      expect(inputs).toMatchObject({ kind: "haproxy", through, others: { length: 2 } });
    }
  });

  it("knows of a PgBouncer the others of the same target", () => {
    for (const { name, target } of poolers) {
      const { inputs } = named(":EndpointGate", `${name}-gate`);
      const others = poolers.filter((one) => one.target === target && one.name !== name);
      expect(inputs).toMatchObject({
        kind: "pgbouncer",
        through: [],
        others: others.map((one) => ({ container: one.name })),
      });
    }
  });
});

describe("what goes for good", () => {
  // The engine deletes first what directly depends on something that it deletes too.
  it("a member: its exit, its container, and what forgets it, in this order", () => {
    for (const { name } of members) {
      expect(named(":MemberExit", `${name}-exit`).dependsOn).toContain(name);
      expect(named(":Container", name).dependsOn).toContain(`${name}-drain`);
    }
  });

  it("Consul servers: one at a time, the last in the order first", () => {
    consulServers.forEach(({ name }, index) => {
      const earlier = names(consulServers.slice(0, index));
      expect(named(":ConsulNode", `${name}-node`).dependsOn).toEqual(
        expect.arrayContaining(earlier),
      );
    });
  });
});

describe("the roster", () => {
  it("comes after what may refuse the change, and before anything on a host", () => {
    const roster = named(":Roster", "orders-roster");
    expect(roster.dependsOn).toEqual(["orders-shape", "orders-preflight"]);
    expect(roster.inputs).toMatchObject({ names: names(members), members: { length: 3 } });
    const touching = run.declared.filter(({ type }) =>
      /:(docker|Container|Image|ConfigFiles|Network|ConsulAcl|DynamicConfig)$/.test(type),
    );
    expect(touching.length).toBeGreaterThan(50);
    for (const { name } of touching)
      expect([name, waitsFor(name).has("orders-roster")]).toEqual([name, true]);
  });
});

describe("a host that is out", () => {
  it("is no part of what is asked, and its parts keep their place in the order", async () => {
    const raw = rawStack("prod");
    const hosts = raw.hosts as { name: string; state?: string }[];
    raw.hosts = hosts.map((host) =>
      host.name === "pg2" ? { ...host, state: "unreachable" } : host,
    );
    const look = lookInto(await runProgram(raw));
    const last = members.at(-1)?.name ?? "";
    expect(look.named(":Drain", `${last}-drain`).inputs).toMatchObject({
      members: { length: 2 },
      consul: { length: 2 },
      haproxies: { length: 2 },
    });
    expect(look.named(":Roster", "orders-roster").inputs).toMatchObject({
      names: { length: 3 },
      members: { length: 2 },
    });
    // What would leave no standby, or no majority, is refused by those that are told of it.
    expect(look.named(":DynamicConfig", "orders-dynamic-config").inputs).toMatchObject({
      members: { length: 2 },
      unreachable: 1,
    });
    const [node] = look.ofType(":ConsulNode").filter(({ inputs }) => inputs.raftAddress);
    expect(node?.inputs).toMatchObject({ servers: { length: 2 }, serversOut: 1 });
    expect(look.waitsFor(last)).toContain("orders-pg2-postgres-1");
  });
});
