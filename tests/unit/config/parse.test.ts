import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { CONFIG_KEYS, formatPath, parseConfig, portsOfHost } from "../../../model/config";
import { MAX_PER_HOST } from "../../../model/config/checks/counts";
import { planTopology } from "../../../model/topology";
import { SLOTS } from "../../../model/topology/addresses";
import { errorOf, good, oneHost, problemsOf, type Raw, set } from "./good";

const ROOT = join(__dirname, "../../..");

function stackFile(stack: string): Record<string, unknown> {
  const file = parse(readFileSync(join(ROOT, `Pulumi.${stack}.yaml`), "utf8")) as {
    config: Record<string, unknown>;
  };
  return Object.fromEntries(
    Object.entries(file.config).map(([key, value]) => [key.replace("postgres-ha:", ""), value]),
  );
}

describe("accepted", () => {
  it.each(["dev", "prod"])("Pulumi.%s.yaml, without a warning", (stack) => {
    const raw = stackFile(stack);
    expect(errorOf(raw)?.message).toBeUndefined();
    expect(parseConfig(raw).warnings).toEqual([]);
    expect(Object.keys(raw).filter((key) => !CONFIG_KEYS.includes(key))).toEqual([]);
  });

  it("lists and maps of parts come out as counts, extensions as objects, defaults applied", () => {
    const { config } = parseConfig(good());
    expect(config.hosts[0]?.runs).toEqual({
      consul: 1,
      postgres: 1,
      haproxy: 1,
      pgbouncer: 1,
      backup: 0,
    });
    expect(config.postgres.databases[0]?.extensions).toEqual([{ name: "pgcrypto" }]);
    expect(config.postgres.version).toBe(17);
    expect(config.resources.memoryMiB.consulAgent).toBe(128);
    expect(config.hosts[0]?.state).toBe("present");
  });

  it("own passwords of declared users and system roles", () => {
    expect(problemsOf(good(), { orders: "correct horse", replicator: "battery staple" })).toEqual(
      [],
    );
  });

  it.each([
    ["Orders-2$", "orders"],
    ["orders", "Order_User"],
  ])("database %s of user %s: names are quoted wherever they go", (name, owner) => {
    const raw = set(good(), "postgres/users", [{ name: owner }]);
    expect(problemsOf(set(raw, "postgres/databases", [{ name, owner }]))).toEqual([]);
  });

  it("a retired host whose place another took needs no address", () => {
    const raw = good();
    (raw["hosts"] as unknown[]).push({
      name: "old",
      docker: "unix:///run/old.sock",
      state: "retired",
      runs: ["consul", "postgres"],
    });
    expect(problemsOf(raw)).toEqual([]);
  });

  it("a machine in the place of a retired host, at its address", () => {
    const raw = good();
    const hosts = raw["hosts"] as Raw[];
    hosts.push({ ...hosts[0], name: "pg4" });
    Object.assign(hosts[0] as Raw, { state: "retired" });
    expect(problemsOf(raw)).toEqual([]);
    expect(problemsOf(set(raw, "hosts/3/name", "pg1")).map(({ path }) => formatPath(path))).toEqual(
      ["hosts[3].name"],
    );
    const { warnings } = parseConfig(set(raw, "hosts/3/name", "pg4"));
    expect(warnings).toEqual([expect.stringContaining('"pg1" is retired: nothing on it is asked')]);
  });

  it.each([
    ["an oversight", ["consul", "postgres", "haproxy", "backup"], [], ["hosts[2].runs.backup"]],
    ["a choice", ["consul", "postgres", "haproxy"], [], []],
    ["no loss", ["consul", "postgres", "haproxy", "backup"], ["backup"], []],
  ])("the only backup repository on a retired host is %s", (_, retired, others, paths) => {
    const raw = good();
    const hosts = raw["hosts"] as Raw[];
    hosts.push({ ...hosts[0], name: "pg4", runs: ["consul", "postgres", "haproxy", ...others] });
    Object.assign(hosts[3] as Raw, { address: "10.0.1.14", docker: "ssh://deploy@10.0.1.14" });
    Object.assign(hosts[2] as Raw, { state: "retired", runs: retired });
    const problems = problemsOf(raw);
    expect(problems.map(({ path }) => formatPath(path))).toEqual(paths);
    for (const { rule } of problems) expect(rule).toContain("only backup repository");
  });

  it.each([
    ["one Consul server", "hosts/0/runs", { consul: 1, postgres: 2, haproxy: 1, backup: 1 }],
    ["no backup repository", "hosts/0/runs", { consul: 3, postgres: 2, haproxy: 1 }],
    ["synchronous is off", "failover/synchronous", "off"],
    ["protect is off", "protect", false],
  ])("with a warning: %s", (words, path, value) => {
    const { warnings } = parseConfig(set(oneHost(), path, value));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(words);
  });

  it("with a warning: one zone holds the majority of the Consul servers", () => {
    const raw = set(set(good(), "hosts/0/zone", "zone-a"), "hosts/1/zone", "zone-a");
    expect(parseConfig(raw).warnings.join()).toContain('zone "zone-a" has 2 of 3');
  });
});

describe("all at once", () => {
  it("problems of the schema and of the cross checks, with the indices that the person sees", () => {
    const raw = good();
    set(raw, "hosts/0/name", "Bad Name"); // this host is left out of the cross checks
    set(raw, "hosts/2/address", "10.0.1.12"); // clashes with hosts[1]
    set(raw, "hosts/1/hostKey", undefined);
    set(raw, "postgres/databases/0/owner", "nobody");
    set(raw, "postgres/parameters", { fsync: false, port: 1 });
    set(raw, "pool/size", "twenty");
    set(raw, "colour", "blue");
    const paths = problemsOf(raw, { ghost: "12345678" }).map(({ path }) => formatPath(path));
    expect(paths.sort()).toEqual(
      [
        "hosts[0].name",
        "hosts[2].address",
        "hosts[1].hostKey",
        "postgres.databases[0].owner",
        "postgres.parameters.fsync",
        "postgres.parameters.port",
        "pool.size",
        "colour",
        "passwords.ghost",
      ].sort(),
    );
  });

  it("a missing cluster name hides nothing else", () => {
    const raw = set(set(good(), "cluster", undefined), "hosts/1/name", "pg1");
    const paths = problemsOf(raw).map(({ path }) => formatPath(path));
    expect(paths).toEqual(["cluster", "hosts[1].name"]);
  });

  it("what was left out as invalid raises no false alarm", () => {
    const paths = problemsOf(set(good(), "hosts/0/docker", "nowhere")).map(({ path }) =>
      formatPath(path),
    );
    expect(paths).toEqual(["hosts[0].docker"]);
  });

  it("one block per problem", () => {
    const raw = set(set(good(), "hosts/1/name", "pg1"), "pool/size", 0);
    expect(errorOf(raw)?.message).toMatchInlineSnapshot(`
      "Stack config: 2 problems.

      hosts[1].name: "pg1" is already used by another host
        -> Give every host a name of its own.

      pool.size: 0 must be at least 1
        -> Correct the value. docs/config.md lists every key with its type and default."
    `);
  });
});

describe("what the plan makes of it", () => {
  it("allows on one host as many of a part as have a place in its network", () => {
    for (const [part, most] of Object.entries(MAX_PER_HOST)) {
      expect(SLOTS[part as keyof typeof MAX_PER_HOST].count, part).toBe(most);
    }
  });

  it("counts the same ports on a host as the plan gives out", () => {
    const { config } = parseConfig(oneHost());
    const plan = planTopology(config);
    const planned = [
      ...plan.consulServers.flatMap(({ ports }) => Object.values(ports)),
      ...plan.consulAgents.flatMap(({ ports }) => Object.values(ports)),
      ...plan.haproxies.flatMap(({ ports }) => Object.values(ports)),
      ...plan.poolers.map(({ port }) => port),
      ...plan.members.flatMap((member) => [member.port, member.apiPort, member.backrest.port]),
      plan.repository?.port,
    ];
    const counted = config.hosts.flatMap((host) =>
      portsOfHost(config, host).map((use) => use.port),
    );
    expect(counted.sort()).toEqual(planned.sort());
  });
});
