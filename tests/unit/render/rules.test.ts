import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { StackConfig } from "../../../model/config";
import { dynamicConfig } from "../../../model/render/dynamicConfig";
import { hbaRules } from "../../../model/render/hba";
import { renderMemberBackrest } from "../../../model/render/pgbackrest";
import { poolSettings, renderPgbouncer } from "../../../model/render/pgbouncer";
import { planTopology } from "../../../model/topology";
import { validConfig } from "../topology/arbitrary";
import { stackConfig } from "../topology/stacks";
import { filesOf, render } from "./stacks";

const set = (key: string, value: unknown): StackConfig =>
  stackConfig("dev", (raw) => {
    raw[key] = { ...(raw[key] as object), ...(value as object) };
  });

describe("pg_hba", () => {
  it("of prod has the declared rules after the program's own", () => {
    expect(hbaRules(stackConfig("prod"))).toMatchInlineSnapshot(`
      [
        "local all postgres peer",
        "local all all scram-sha-256",
        "hostnossl all all all reject",
        "hostssl all postgres all reject",
        "hostssl replication replicator all scram-sha-256",
        "hostssl all replicator all reject",
        "hostssl postgres rewind all scram-sha-256",
        "hostssl all rewind all reject",
        "hostssl postgres pool_lookup all scram-sha-256",
        "hostssl all pool_lookup all reject",
        "hostssl all monitor all scram-sha-256",
        "hostssl "orders" "orders" 10.0.0.0/16 scram-sha-256",
        "hostssl "orders" "reporting" 10.0.2.0/24 scram-sha-256",
      ]
    `);
  });

  it("without declared rules lets in everyone with TLS and SCRAM", () => {
    expect(hbaRules(stackConfig("dev")).at(-1)).toBe("hostssl all all all scram-sha-256");
  });

  it("with declared rules lets in nobody else", () => {
    const rules = hbaRules(stackConfig("prod"));
    expect(rules).not.toContain("hostssl all all all scram-sha-256");
    expect(rules.slice(-2)).toEqual([
      'hostssl "orders" "orders" 10.0.0.0/16 scram-sha-256',
      'hostssl "orders" "reporting" 10.0.2.0/24 scram-sha-256',
    ]);
  });

  it("lets nobody in without TLS, without a proof, or as superuser from elsewhere", () => {
    fc.assert(
      fc.property(validConfig, (config) => {
        const rules = hbaRules(config);
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
});
