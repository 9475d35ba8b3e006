import * as fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { StackConfig } from "../../../model/config";
import { aclPolicies, patroniGrant } from "../../../model/render/consul";
import { dynamicConfig } from "../../../model/render/dynamicConfig";
import { hbaRules } from "../../../model/render/hba";
import { renderHaproxy } from "../../../model/render/haproxy";
import { renderPatroni } from "../../../model/render/patroni";
import { renderMemberBackrest } from "../../../model/render/pgbackrest";
import { poolSettings, renderPgbouncer } from "../../../model/render/pgbouncer";
import { hostOf, type Instance, planTopology, type Topology } from "../../../model/topology";
import { validConfig } from "../topology/arbitrary";
import { stackConfig } from "../topology/stacks";
import { filesOf, render } from "./stacks";

const set = (key: string, value: unknown): StackConfig =>
  stackConfig("dev", (raw) => {
    raw[key] = { ...(raw[key] as object), ...(value as object) };
  });

const hbaOf = (config: StackConfig): string[] => hbaRules(config, planTopology(config));

/** What the first rule says that fits a connection by TLS; undefined where none does. */
function decision(
  rules: readonly string[],
  { database, user, address }: { database: string; user: string; address: string },
): string | undefined {
  const fits = (rule: string): boolean => {
    const [type, databases, users, range = ""] = rule.split(" ");
    // To PostgreSQL, `all` is every database, and replication is none.
    const there = databases === database || (databases === "all" && database !== "replication");
    const inside =
      range === "all" || (type === "hostssl" && ipaddr.parse(address).match(cidr(range)));
    return type === "hostssl" && there && (users === user || users === "all") && inside;
  };
  return rules.find(fits)?.split(" ").at(-1);
}

const cidr = (range: string): [ipaddr.IPv4, number] => ipaddr.IPv4.parseCIDR(range);

/** Where a member sees a connection of another container come from. */
function seenFrom(topology: Topology, from: Instance, to: Instance): string[] {
  const host = hostOf(topology, from);
  if (host.address === undefined) return [from.ip];
  return from.host === to.host ? [from.ip, host.network.gateway] : [host.address];
}

describe("pg_hba", () => {
  it("of prod has the declared rules after the program's own", () => {
    expect(hbaOf(stackConfig("prod"))).toMatchInlineSnapshot(`
      [
        "local all postgres peer",
        "local all all scram-sha-256",
        "hostnossl all all all reject",
        "hostssl all postgres all reject",
        "hostssl replication replicator 127.0.0.1/32 scram-sha-256",
        "hostssl replication replicator 198.18.133.128/26 scram-sha-256",
        "hostssl replication replicator 10.0.1.11/32 scram-sha-256",
        "hostssl replication replicator 10.0.1.12/32 scram-sha-256",
        "hostssl replication replicator 10.0.1.13/32 scram-sha-256",
        "hostssl all replicator all reject",
        "hostssl postgres rewind 198.18.133.128/26 scram-sha-256",
        "hostssl postgres rewind 10.0.1.11/32 scram-sha-256",
        "hostssl postgres rewind 10.0.1.12/32 scram-sha-256",
        "hostssl postgres rewind 10.0.1.13/32 scram-sha-256",
        "hostssl all rewind all reject",
        "hostssl postgres pool_lookup 198.18.133.128/26 scram-sha-256",
        "hostssl postgres pool_lookup 10.0.1.11/32 scram-sha-256",
        "hostssl postgres pool_lookup 10.0.1.12/32 scram-sha-256",
        "hostssl postgres pool_lookup 10.0.1.13/32 scram-sha-256",
        "hostssl all pool_lookup all reject",
        "hostssl all monitor all scram-sha-256",
        "hostssl "orders" "orders" 10.0.0.0/16 scram-sha-256",
        "hostssl "orders" "reporting" 10.0.2.0/24 scram-sha-256",
      ]
    `);
  });

  it("without declared rules lets in everyone with TLS and SCRAM", () => {
    expect(hbaOf(stackConfig("dev")).at(-1)).toBe("hostssl all all all scram-sha-256");
  });

  it("with declared rules lets in nobody else", () => {
    const rules = hbaOf(stackConfig("prod"));
    expect(rules).not.toContain("hostssl all all all scram-sha-256");
    expect(rules.slice(-2)).toEqual([
      'hostssl "orders" "orders" 10.0.0.0/16 scram-sha-256',
      'hostssl "orders" "reporting" 10.0.2.0/24 scram-sha-256',
    ]);
  });

  it("lets members and HAProxies in with the program's roles, wherever they stand", () => {
    fc.assert(
      fc.property(validConfig, (config) => {
        const topology = planTopology(config);
        const rules = hbaRules(config, topology);
        const refused = (from: readonly Instance[], logins: readonly (readonly string[])[]) =>
          from
            .flatMap((one) => topology.members.flatMap((to) => seenFrom(topology, one, to)))
            .flatMap((address) =>
              logins
                .map(([database = "", user = ""]) => ({ database, user, address }))
                .filter((login) => decision(rules, login) !== "scram-sha-256"),
            );
        const peer = [
          ["replication", "replicator"],
          ["postgres", "rewind"],
        ];
        const proxied = [
          ["postgres", "pool_lookup"],
          ["postgres", "monitor"],
        ];
        expect(refused(topology.members, peer)).toEqual([]);
        expect(refused(topology.haproxies, proxied)).toEqual([]);
        const own = { database: "replication", user: "replicator", address: "127.0.0.1" };
        expect(decision(rules, own)).toBe("scram-sha-256");
      }),
      { numRuns: 60 },
    );
  });

  it("lets nobody else in with these roles, nor with them into other databases", () => {
    fc.assert(
      fc.property(validConfig, (config) => {
        const rules = hbaOf(config);
        const address = "203.0.113.9";
        for (const user of ["replicator", "rewind", "pool_lookup"])
          for (const database of ["replication", "postgres", "app"])
            expect(decision(rules, { database, user, address })).not.toBe("scram-sha-256");
        const near = cidr(planTopology(config).hosts[0]?.network.subnet ?? "")[0].toString();
        for (const user of ["replicator", "rewind", "pool_lookup"])
          expect(decision(rules, { database: "app", user, address: near })).toBe("reject");
      }),
      { numRuns: 60 },
    );
  });

  it("lets nobody in without TLS, without a proof, or as superuser from elsewhere", () => {
    fc.assert(
      fc.property(validConfig, (config) => {
        const rules = hbaOf(config);
        expect(rules.join("\n")).not.toMatch(/\b(trust|password|md5|ident)$/m);
        expect(rules.filter((rule) => rule.startsWith("hostnossl"))).toEqual([
          "hostnossl all all all reject",
        ]);
        expect(rules.filter((rule) => /^host\s/.test(rule))).toEqual([]);
        const superuser = rules.findIndex((rule) => rule === "hostssl all postgres all reject");
        const others = rules.findIndex((rule) => /^hostssl \S+ all /.test(rule));
        expect(superuser).toBeGreaterThan(-1);
        expect(superuser).toBeLessThan(others < 0 ? Infinity : others);
      }),
    );
  });
});

describe("Patroni's dynamic configuration", () => {
  const of = (config: StackConfig): Record<string, unknown> =>
    dynamicConfig(config, planTopology(config));

  it.each(["fast", "balanced", "tolerant"])("of profile %s keeps Patroni's rule", (profile) => {
    const { ttl, loop_wait, retry_timeout } = of(set("failover", { profile })) as Record<
      string,
      number
    >;
    expect(ttl).toBeGreaterThanOrEqual((loop_wait ?? NaN) + 2 * (retry_timeout ?? NaN));
  });

  it.each([
    ["quorum", "quorum"],
    ["on", true],
    ["off", false],
  ])("of synchronous %s says %j", (synchronous, value) => {
    expect(of(set("failover", { synchronous })).synchronous_mode).toBe(value);
  });

  it("lets declared parameters win over sized ones", () => {
    const config = set("postgres", { parameters: { work_mem: "77MB" } });
    expect(of(config).postgresql).toMatchObject({ parameters: { work_mem: "77MB" } });
  });

  it("sizes buffers by the container's memory", () => {
    const config = set("resources", { memoryMiB: { postgres: 8192 } });
    expect(of(config).postgresql).toMatchObject({
      parameters: { shared_buffers: "2048MB", effective_cache_size: "6144MB" },
    });
  });

  it("stands in patroni.yml for the first start", () => {
    const config = stackConfig("prod");
    const file = parse(filesOf("prod")["patroni.yml"] ?? "") as { bootstrap: { dcs: unknown } };
    expect(file.bootstrap.dcs).toEqual(of(config));
  });
});

describe("a cluster without a repository", () => {
  const config = stackConfig("dev", (raw) => {
    const host = (raw.hosts as { runs: object }[])[0];
    Object.assign(host?.runs ?? {}, { backup: 0 });
  });

  it("archives nowhere, but could from the next reload on", () => {
    const { postgresql } = dynamicConfig(config, planTopology(config));
    const { parameters } = postgresql as { parameters: Record<string, unknown> };
    expect(parameters.archive_mode).toBe("on");
    expect(parameters.archive_command).toBe("/bin/true");
    expect(parameters).not.toHaveProperty("restore_command");
  });
});

describe("PgBouncer", () => {
  const topology = planTopology(stackConfig("prod"));

  it("goes to the primary port for the leader and to the replica port for the others", () => {
    const config = stackConfig("prod");
    const lines = topology.poolers.map(
      (pooler) => /^\* = (.*)$/m.exec(renderPgbouncer(config, pooler))?.[1],
    );
    expect(new Set(lines)).toEqual(
      new Set(
        [11, 12, 13].flatMap((n) => [5000, 5001].map((port) => `host=10.0.1.${n} port=${port}`)),
      ),
    );
  });

  it("has every live setting in its file, under the same name", () => {
    const config = stackConfig("prod");
    const text = filesOf("prod")["pgbouncer-primary.ini"] ?? "";
    for (const [key, value] of Object.entries(poolSettings(config))) {
      expect(text).toContain(`\n${key} = ${value}\n`);
    }
  });
});

describe("pgBackRest", () => {
  it("reaches every sidecar where it listens, and trusts every member's name", () => {
    fc.assert(
      fc.property(validConfig, (config) => {
        const topology = planTopology(config);
        const { repository } = topology;
        if (repository === undefined || topology.poolers.length === 0) return;
        const text = render(config)["pgbackrest-repository.conf"] ?? "";
        topology.members.forEach((member, index) => {
          expect(text).toContain(`\npg${index + 1}-host = ${member.backrest.address}\n`);
          expect(text).toContain(`\npg${index + 1}-host-port = ${member.backrest.port}\n`);
          expect(text).toContain(`\ntls-server-auth = ${member.name}=${config.cluster}\n`);
          const own = renderMemberBackrest(config, topology, member, repository);
          expect(own).toContain(`\nrepo1-host = ${repository.address}\n`);
          expect(own).toContain(`\ntls-server-auth = ${repository.name}=${config.cluster}\n`);
          expect(own).not.toContain("cipher");
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe("Consul", () => {
  it("joins through every server, at the port of each", () => {
    const file = JSON.parse(filesOf("dev")["consul-agent.json"] ?? "") as { retry_join: string[] };
    const { consulServers } = planTopology(stackConfig("dev"));
    expect(file.retry_join).toEqual(consulServers.map((s) => `${s.address}:${s.ports.gossip}`));
  });

  it("has plain HTTP, gRPC and DNS closed everywhere", () => {
    for (const name of ["consul-server.json", "consul-agent.json"]) {
      const { ports } = JSON.parse(filesOf("prod")[name] ?? "") as { ports: object };
      expect(ports).toMatchObject({ http: -1, grpc: -1, grpc_tls: -1, dns: -1, serf_wan: -1 });
    }
  });

  it("has a policy of its own for each node and member, under a name that it takes", () => {
    fc.assert(
      fc.property(validConfig, (config) => {
        const topology = planTopology(config);
        const { consulServers, consulAgents, members } = topology;
        const policies = aclPolicies(topology);
        const parts = consulServers.length + consulAgents.length + members.length;
        expect(Object.keys(policies)).toHaveLength(parts + 1);
        for (const name of Object.keys(policies)) expect(name).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
        for (const member of members) {
          const own = policies[patroniGrant(member.name)] ?? "";
          const others = consulAgents.filter((agent) => agent.host !== member.host);
          expect(own).toContain(`session "${member.agent.name}" { policy = "write" }`);
          for (const other of others) expect(own).not.toContain(`"${other.name}"`);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("failover_priority", () => {
  it("falls in the order of the roll, is above zero, and stays when a member is added at the end", () => {
    const config = stackConfig("dev");
    const of = (topology: Topology): number[] =>
      topology.members.map((member) => {
        const secrets = { consulToken: "t", replicationPassword: "r", rewindPassword: "w" };
        const text = renderPatroni(config, topology, member, secrets);
        return (parse(text) as { tags: { failover_priority: number } }).tags.failover_priority;
      });
    const topology = planTopology(config);
    const all = of(topology);
    expect([...all].sort((a, b) => b - a)).toEqual(all);
    expect(new Set(all).size).toBe(all.length);
    expect(Math.min(...all)).toBeGreaterThan(0);
    const fewer = { ...topology, members: topology.members.slice(0, -1) };
    expect(of(fewer)).toEqual(all.slice(0, -1));
  });
});

describe("HAProxy's checks", () => {
  it("bear more on a network that is said to be shaky, find a new leader sooner where that is asked for, and differ in nothing else", () => {
    const text = (profile: string): string[] => {
      const config = set("failover", { profile });
      const topology = planTopology(config);
      const [haproxy] = topology.haproxies;
      return haproxy === undefined
        ? []
        : renderHaproxy(config, topology, haproxy, "secret").split("\n");
    };
    const balanced = text("balanced");
    const differ = (profile: string): (string | undefined)[] =>
      text(profile)
        .filter((line) => !balanced.includes(line))
        .map((line) => line.trim().split(" check-ssl")[0]);
    expect(differ("tolerant")).toEqual([
      "timeout check 5s",
      "tcp-request inspect-delay 4s",
      "default-server check inter 2s fastinter 1s downinter 2s fall 3 rise 1",
      "default-server check inter 2s fastinter 1s downinter 2s fall 3 rise 1",
    ]);
    const often = "default-server check inter 1s fastinter 500ms downinter 500ms fall 2 rise 1";
    expect(differ("fast")).toEqual([often, often]);
  });
});
