import { describe, expect, it } from "vitest";

import { formatPath, formatProblem } from "../../../model/config";
import { good, HOST_KEY, oneHost, problemsOf, set, type Raw } from "./good";

/**
 * Path set, value, path of the problem, words of its rule; base `one` is the stack of one host.
 * It is the only problem that is reported.
 */
type Case = readonly [path: string, value: unknown, at: string, rule: RegExp, base?: "one"];

const user = (extra: Raw) => [{ name: "orders", ...extra }];
const database = (extra: Raw) => [{ name: "orders", owner: "orders", ...extra }];
const hba = (extra: Raw) => [{ database: "all", user: "all", address: "all", ...extra }];
const runs = (counts: Raw) => ({ consul: 3, postgres: 3, haproxy: 1, pgbouncer: 1, ...counts });

const SHAPE: readonly Case[] = [
  ["cluster", undefined, "cluster", /is required/],
  ["cluster", 7, "cluster", /must be a text/],
  ["cluster", "Orders", "cluster", /lower-case/],
  ["cluster", "a", "cluster", /2 to 32/],
  ["cluster", "orders-", "cluster", /not end with a dash/],
  ["cluster", "x; rm -rf /", "cluster", /lower-case/],
  ["clusterr", "orders", "clusterr", /not a known key/],
  ["hosts", undefined, "hosts", /is required/],
  ["hosts", {}, "hosts", /must be a list/],
  ["hosts", [], "hosts", /at least 1/],
  ["hosts/0", "pg1", "hosts[0]", /must be a map/],
  ["hosts/0/adress", "10.0.0.1", "hosts[0].adress", /not a known key/],
  ["protect", "yes", "protect", /must be true or false/],
  ["ports/postgres", "5432", "ports.postgres", /must be a number/],
  ["ports/postgres", 80, "ports.postgres", /at least 1024/],
  ["ports/postgres", 70000, "ports.postgres", /at most 65535/],
  ["ports/postgres", 5432.5, "ports.postgres", /whole number/],
  ["ports/http", 8500, "ports.http", /not a known key/],
  ["network/subnet", "10.9.0.0", "network.subnet", /CIDR/],
  ["network/subnet", "10.9.0.1/24", "network.subnet", /host bits are zero/],
  ["network/subnet", "10.9.0.0/28", "network.subnet", /to \/26/],
  ["failover/profile", "quick", "failover.profile", /one of fast, balanced, tolerant/],
  ["failover/synchronous", true, "failover.synchronous", /one of quorum, on, off/],
  ["pool/mode", "statement", "pool.mode", /one of transaction, session/],
  ["pool/size", 0, "pool.size", /at least 1/],
  ["backup/compress", "zip", "backup.compress", /one of zst/],
  ["backup/retainFull", 0, "backup.retainFull", /at least 1/],
  ["resources/memoryMiB/postgres", "1g", "resources.memoryMiB.postgres", /must be a number/],
];

const HOSTS: readonly Case[] = [
  ["hosts/1/name", "pg1", "hosts[1].name", /already used/],
  ["hosts/1/name", "pg_2", "hosts[1].name", /lower-case/],
  ["hosts/1/name", "pg1-b", "hosts[1].name", /begins like host "pg1"/],
  ["hosts/1/name", "keys", "hosts[1].name", /name of the program's own/],
  ["hosts/1/address", "10.0.1.11", "hosts[1].address", /already used by host "pg1"/],
  ["hosts/1/address", undefined, "hosts[1].address", /required on every host/],
  ["hosts/1/address", "pg2.example.com", "hosts[1].address", /IPv4/],
  ["hosts/1/address", "127.0.0.1", "hosts[1].address", /other hosts can reach/],
  ["hosts/1/address", "0x0a000001", "hosts[1].address", /IPv4/],
  ["hosts/1/docker", "ssh://deploy@10.0.1.11", "hosts[1].docker", /already used by host "pg1"/],
  ["hosts/1/docker", "tcp://10.0.1.12:2375", "hosts[1].docker", /unix:\/\/\/path or ssh/],
  ["hosts/1/docker", "ssh://-oProxyCommand=id", "hosts[1].docker", /unix:\/\/\/path or ssh/],
  ["hosts/1/docker", "ssh://pg2;id", "hosts[1].docker", /unix:\/\/\/path or ssh/],
  ["hosts/1/docker", "ssh://pg2:0", "hosts[1].docker", /ssh port/],
  ["hosts/1/hostKey", undefined, "hosts[1].hostKey", /nothing connects to an unknown key/],
  ["hosts/1/hostKey", "ssh-ed25519 AAAA", "hosts[1].hostKey", /ssh public key/],
  ["hosts/1/hostKey", HOST_KEY.replace("ssh-ed25519", "ssh-rsa"), "hosts[1].hostKey", /ssh public/],
  ["hosts/1/hostKey", `${HOST_KEY}\n* ${HOST_KEY}`, "hosts[1].hostKey", /ssh public key/],
  ["hosts/0/hostKey", HOST_KEY, "hosts[0].hostKey", /has no meaning/, "one"],
  ["hosts/1/dataPath", "srv/pg", "hosts[1].dataPath", /absolute path/],
  ["hosts/1/dataPath", "/srv/../etc", "hosts[1].dataPath", /without \. or \.\./],
  ["hosts/1/dataPath", "/srv/pg:/etc", "hosts[1].dataPath", /absolute path/],
  ["hosts/1/dataPath", "/etc/pg", "hosts[1].dataPath", /operating system/],
  ["hosts/1/state", "gone", "hosts[1].state", /one of present/],
  ["hosts/1/runs", undefined, "hosts[1].runs", /is required/],
  ["hosts/1/runs", "postgres", "hosts[1].runs", /a list or a map/],
  ["hosts/1/runs", ["postgres", "etcd"], "hosts[1].runs[1]", /one of consul/],
  ["hosts/1/runs", ["consul", "consul"], "hosts[1].runs[1]", /listed twice/],
  ["hosts/1/runs", { etcd: 3 }, "hosts[1].runs.etcd", /not a known key/],
  ["hosts/0/runs", runs({ consul: -1 }), "hosts[0].runs.consul", /at least 0/, "one"],
  ["hosts/0/runs", runs({ consul: 9 }), "hosts[0].runs.consul", /at most 7 on one host/, "one"],
  ["hosts/0/runs", runs({ backup: 2 }), "hosts[0].runs.backup", /at most 1 on one host/, "one"],
  ["hosts/1/runs", ["postgres", "haproxy"], "hosts", /odd number of Consul servers/],
  ["hosts/0/runs", runs({ consul: 0 }), "hosts", /include a Consul server/, "one"],
  ["hosts/0/runs", runs({ postgres: 0 }), "hosts", /at least one PostgreSQL member/, "one"],
  ["hosts/0/runs", runs({ haproxy: 0 }), "hosts", /PgBouncer reaches the leader through it/, "one"],
  ["hosts/0/runs", runs({ haproxy: 0, pgbouncer: 0 }), "hosts", /replica endpoint/, "one"],
  ["hosts/0/runs", runs({ postgres: 1 }), "failover.synchronous", /at least two/, "one"],
  ["hosts/0/runs", ["consul", "postgres", "backup"], "hosts", /at most one backup repository/],
  ["hosts/1/state", "retired", "hosts", /odd number of Consul servers/],
  ["network/subnet", "10.0.1.0/24", "network.subnet", /address of a host/],
];

const POSTGRES: readonly Case[] = [
  ["postgres/version", 13, "postgres.version", /one of 14, 15, 16, 17, 18/],
  ["postgres/version", "17", "postgres.version", /one of 14/],
  ["postgres/databases", database({ name: "postgres" }), "postgres.databases[0].name", /reserved/],
  ["postgres/databases", database({ name: "all" }), "postgres.databases[0].name", /reserved/],
  ["postgres/databases", database({ name: "pg_x" }), "postgres.databases[0].name", /pg_/],
  ["postgres/databases", database({ name: "a".repeat(64) }), "postgres.databases[0].name", /63/],
  ["postgres/databases", database({ name: 'a"; DROP' }), "postgres.databases[0].name", /letters/],
  ["postgres/databases", database({ name: "a\nb" }), "postgres.databases[0].name", /letters/],
  ["postgres/databases", database({ owner: "nobody" }), "postgres.databases[0].owner", /declared/],
  ["postgres/databases", database({ owner: undefined }), "postgres.databases[0].owner", /required/],
  [
    "postgres/databases",
    database({ connect: ["nobody"] }),
    "postgres.databases[0].connect[0]",
    /declared/,
  ],
  [
    "postgres/databases",
    database({ connect: ["orders", "orders"] }),
    "postgres.databases[0].connect[1]",
    /twice/,
  ],
  ["postgres/databases", [...database({}), ...database({})], "postgres.databases[1].name", /twice/],
  [
    "postgres/databases",
    database({ extensions: ["postgis; --"] }),
    "postgres.databases[0].extensions[0]",
    /extension name/,
  ],
  [
    "postgres/databases",
    database({ extensions: ["hstore", { name: "hstore" }] }),
    "postgres.databases[0].extensions[1]",
    /twice/,
  ],
  [
    "postgres/databases",
    database({ extensions: [{ name: "hstore", version: "1'; --" }] }),
    "postgres.databases[0].extensions[0].version",
    /known key|unknown/,
  ],
  ["postgres/users", [...user({}), ...user({})], "postgres.users[1].name", /twice/],
  [
    "postgres/users",
    [...user({}), { name: "postgres" }],
    "postgres.users[1].name",
    /makes and keeps/,
  ],
  [
    "postgres/users",
    [...user({}), { name: "rewind" }],
    "postgres.users[1].name",
    /makes and keeps/,
  ],
  ["postgres/users", [...user({}), { name: "public" }], "postgres.users[1].name", /reserved/],
  ["postgres/users", [...user({}), { name: "$(id)" }], "postgres.users[1].name", /letters/],
  ["postgres/users", user({ superuser: true }), "postgres.users[0].superuser", /not a known key/],
  [
    "postgres/users",
    user({ memberOf: ["boss"] }),
    "postgres.users[0].memberOf[0]",
    /declared user/,
  ],
  [
    "postgres/users",
    user({ memberOf: ["pg_execute_server_program"] }),
    "postgres.users[0].memberOf[0]",
    /superuser/,
  ],
  ["postgres/users", user({ memberOf: ["orders"] }), "postgres.users[0].memberOf", /of itself/],
  [
    "postgres/users",
    user({ settings: { synchronous_commit: "off" } }),
    "postgres.users[0].settings.synchronous_commit",
    /must not be lowered/,
  ],
  ["postgres/users", user({ connectionLimit: 0 }), "postgres.users[0].connectionLimit", /least 1/],
  ["postgres/hba", hba({ type: "host" }), "postgres.hba[0].type", /must be hostssl/],
  ["postgres/hba", hba({ method: "trust" }), "postgres.hba[0].method", /one of scram/],
  ["postgres/hba", hba({ address: "10.0.0.1/8" }), "postgres.hba[0].address", /CIDR/],
  ["postgres/hba", hba({ address: "all trust" }), "postgres.hba[0].address", /CIDR/],
  ["postgres/hba", hba({ database: "shop" }), "postgres.hba[0].database", /declared/],
  ["postgres/hba", hba({ user: "shop" }), "postgres.hba[0].user", /declared/],
  ["postgres/hba", [...hba({}), ...hba({})], "postgres.hba[1]", /earlier rule/],
];

const parameter = (name: string, value: unknown, rule: RegExp): Case => [
  `postgres/parameters/${name}`,
  value,
  `postgres.parameters.${name}`,
  rule,
];

const PARAMETERS: readonly Case[] = [
  parameter("listen_addresses", "*", /sets itself/),
  parameter("port", 5433, /sets itself/),
  parameter("ssl", false, /sets itself/),
  parameter("ssl_ciphers", "NULL", /sets itself/),
  parameter("archive_command", "/bin/true", /sets itself/),
  parameter("restore_command", "id", /sets itself/),
  parameter("synchronous_standby_names", "*", /sets itself/),
  parameter("password_encryption", "md5", /sets itself/),
  parameter("fsync", "off", /corrupt/),
  parameter("fsync", false, /corrupt/),
  parameter("full_page_writes", 0, /corrupt/),
  parameter("zero_damaged_pages", "on", /silence/),
  parameter("synchronous_commit", "local", /must not be lowered/),
  parameter("default_transaction_read_only", "on", /from writing/),
  parameter("work_mem", "4MB\nfsync = off", /control character/),
  parameter("work_mem", null, /a text or a number or true or false/),
  parameter("work_mem", ["4MB"], /a text or a number/),
  parameter("max_connections", "lots", /whole number/),
  parameter("max_wal_senders", 4, /from 6 to 10000/),
  [
    "postgres/parameters/work_mem = 1; x",
    1,
    'postgres.parameters["work_mem = 1; x"]',
    /parameter name/,
  ],
];

const TOGETHER: readonly Case[] = [
  ["pool/size", 60, "pool.size", /more than max_connections 200/],
  ["postgres/parameters/max_connections", 100, "pool.size", /more than max_connections 100/],
  ["failover", { synchronous: "off", strict: true }, "failover.strict", /contradicts/],
  ["ports/patroni", 5432, "ports.patroni", /PostgreSQL \(ports.postgres\) and Patroni/],
  ["ports/haproxyPrimary", 5434, "ports.haproxyPrimary", /would both use port 5434/, "one"],
  ["ports/agentGossip", 8311, "ports.agentGossip", /Consul gossip 2/, "one"],
  ["ports/backrest", 65533, "ports.backrest", /above 65535/, "one"],
  ["resources", { memoryMiB: { postgres: 256 } }, "resources.memoryMiB.postgres", /needs at least/],
  ["resources", { shmSizeMiB: 4096 }, "resources.shmSizeMiB", /not be more than/],
  ["certificates", { renewBeforeDays: 365 }, "certificates.renewBeforeDays", /less than validity/],
  ["certificates", { validityDays: 4000 }, "certificates.validityDays", /less than caValidity/],
  ["backup", { compress: "gz", compressLevel: 12 }, "backup.compressLevel", /from -1 to 9/],
];

const SECRETS: readonly Case[] = [
  ["passwords", { orders: "s3cret-pass" }, "passwords", /must be a secret/],
  ["password", "s3cret-pass", "password", /looks like a password/],
  ["hosts/0/password", "s3cret-pass", "hosts[0].password", /looks like a password/],
  [
    "postgres/users",
    user({ password: "x" }),
    "postgres.users[0].password",
    /looks like a password/,
  ],
  [
    "postgres/parameters/PGPASSWORD",
    "x",
    "postgres.parameters.PGPASSWORD",
    /looks like a password/,
  ],
  ["postgres/superuserPassword", "x", "postgres.superuserPassword", /looks like a password/],
  parameter("primary_conninfo", "host=a password=b", /looks like it holds a password/),
  ["hosts/1/docker", "ssh://me:pw@10.0.1.12", "hosts[1].docker", /looks like it holds a password/],
];

/** Several problems each, as one thing leads to another. */
const MANY: readonly Case[] = [
  ["hosts/0/runs", [], "hosts[0].runs", /at least one part/, "one"],
  ["hosts/0/state", "unreachable", "hosts", /majority of the Consul servers/, "one"],
  parameter("max_connections", 20, /from 25/),
];

const REGISTRY: readonly Case[] = [
  ["registry", "https://registry.example.org", "registry", /without scheme/],
  ["registry", "me@registry.example.org/team", "registry", /without scheme, user/],
  ["registry", "registry.example.org/Team", "registry", /lower-case/],
  ["registry", "registry.example.org/team:1", "registry", /user or tag/],
  ["registry", "registry.example.org/team/", "registry", /HOST/],
  ["registry", "registry.example.org/a b; id", "registry", /HOST/],
  ["registry", "--help", "registry", /HOST/],
  ["registry", "team/postgres-ha", "registry", /host name/],
  ["registry", `registry.example.org/${"a".repeat(200)}`, "registry", /180/],
];

const ALL = { SHAPE, HOSTS, POSTGRES, PARAMETERS, TOGETHER, SECRETS, REGISTRY, MANY };

for (const [group, cases] of Object.entries(ALL)) {
  describe(`bad config: ${group}`, () => {
    it.each(cases.map(named))("$title", ({ problems, at, rule }) => {
      const found = problems().filter((problem) => formatPath(problem.path) === at);
      expect(found.map((problem) => problem.rule).join("\n")).toMatch(rule);
      for (const problem of problems()) expect(problem.remedy).toMatch(/\w{3}.*\.$/);
      if (group !== "MANY") expect(problems().map(formatProblem)).toHaveLength(1);
    });
  });
}

function named([path, value, at, rule, base]: Case) {
  const raw = set(base === "one" ? oneHost() : good(), path, value);
  const title = `${path} = ${JSON.stringify(value)} is refused at ${at}: ${rule.source}`;
  return { title, at, rule, problems: () => problemsOf(raw) };
}

it("refuses names that are too long together, and memberships that go round or come too early", () => {
  const long = set(set(good(), "cluster", "c".repeat(32)), "hosts/1/name", "h".repeat(32));
  expect(problemsOf(long).map(formatProblem).join()).toMatch(/hosts\[1\].name.*at most 9 char/);
  const round = set(good(), "postgres/users", [
    { name: "orders", memberOf: ["reader"], connectionLimit: 5 },
    { name: "reader", memberOf: ["orders"], connectionLimit: 5 },
  ]);
  expect(problemsOf(round).map(({ rule }) => rule)).toEqual([
    expect.stringContaining("of itself"),
    expect.stringContaining("of itself"),
  ]);
  const early = set(good(), "postgres/version", 16);
  set(early, "postgres/users", user({ memberOf: ["pg_maintain"] }));
  expect(problemsOf(early)[0]?.rule).toMatch(/from PostgreSQL 17 on, and version is 16/);
});

it("covers at least 50 cases", () => {
  expect(Object.values(ALL).flat().length).toBeGreaterThanOrEqual(50);
});

it("refuses what is no map at all", () => {
  for (const raw of [undefined, null, "x", 5, [], [good()]]) {
    expect(problemsOf(raw).length).toBeGreaterThan(0);
  }
});
