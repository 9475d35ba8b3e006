import { describe, expect, it } from "vitest";
import { planLines } from "../../../provider/plan";
import { UNKNOWN, type Props } from "../../../provider/secrets";

/** Lines of a change; all inputs that differ count as changed. */
function plan(type: string, state: Props, news: Props, name = "a-resource"): string[] {
  const keys = [...new Set([...Object.keys(state), ...Object.keys(news)])];
  const changed = keys.filter((key) => JSON.stringify(state[key]) !== JSON.stringify(news[key]));
  return planLines(`pgha:index:${type}`, { name, state, news, changed });
}

const file = (content: string): Props => ({ content, mode: "0600", uid: 5000, gid: 5000 });

describe("files", () => {
  const files = (names: Record<string, string>, container = "orders-pg1-haproxy-1"): Props => ({
    directory: `/config/${container}`,
    files: Object.fromEntries(Object.entries(names).map(([path, text]) => [path, file(text)])),
    reload: [{ container, signal: container.includes("haproxy") ? "SIGUSR2" : "SIGHUP" }],
  });

  it("of HAProxy", () => {
    const [state, news] = [
      files({ "haproxy.cfg": "global\n" }),
      files({ "haproxy.cfg": "more\n" }),
    ];
    expect(plan("ConfigFiles", state, news)).toEqual([
      "hot: orders-pg1-haproxy-1: files haproxy.cfg, reloaded by SIGUSR2, no connection is dropped",
    ]);
  });

  it("of a member: both processes by the same signal, said once", () => {
    const twice = (text: string): Props => ({
      ...files({ "patroni.yml": text, "pgbackrest.conf": text }, "orders-pg1-postgres-1"),
      reload: [
        { container: "orders-pg1-postgres-1", signal: "SIGHUP" },
        { container: "orders-pg1-backrest-1", signal: "SIGHUP" },
      ],
    });
    expect(plan("ConfigFiles", twice("old"), twice("new"))).toEqual([
      "hot: orders-pg1-postgres-1: files patroni.yml, pgbackrest.conf, reloaded by SIGHUP, no connection is dropped",
    ]);
  });

  it("of Consul: a certificate is taken over, not everything of consul.json", () => {
    const consul = (json: string, cert: string): Props =>
      files({ "consul.json": json, "tls/tls.crt": cert }, "orders-pg1-consul-1");
    expect(plan("ConfigFiles", consul("{}", "old"), consul("{}", "new"))).toEqual([
      "hot: orders-pg1-consul-1: files tls/tls.crt, reloaded by SIGHUP",
    ]);
    expect(plan("ConfigFiles", consul("{}", "x"), consul("{ }", "x"))).toEqual([
      "hot: orders-pg1-consul-1: files consul.json, reloaded by SIGHUP, what Consul reads at its start only waits for the next one",
    ]);
  });

  it("are named when they go, when only their mode changed and when not known yet", () => {
    const state = files({ a: "1", b: "1", c: "1", d: "1" });
    const news = files({ b: "1", c: "1", d: "1" });
    (news.files as Props).b = { ...file("1"), mode: "0640" };
    (news.files as Props).c = file(UNKNOWN);
    expect(plan("ConfigFiles", state, news)[0]).toContain(": files a, b, c, reloaded");
  });

  it("show no content", () => {
    const lines = plan("ConfigFiles", files({ a: "hunter1" }), files({ a: "hunter2" }));
    expect(lines.join()).not.toContain("hunter");
  });

  it("of an `up` that died between write and reload are reloaded", () => {
    const state = files({ "pgbouncer.ini": "x", ".reload-pending": "<unexpected file>" });
    const news = files({ "pgbouncer.ini": "x" });
    expect(plan("ConfigFiles", state, news)).toEqual([
      "hot: orders-pg1-haproxy-1: files written by an `up` that died, reloaded by SIGUSR2, no connection is dropped",
    ]);
  });

  it("that are the same are no change, whatever way leads to them", () => {
    const state = { ...files({ a: "1" }), host: { name: "pg1", docker: "unix:///a" } };
    const news = { ...files({ a: "1" }), host: { name: "pg1", docker: "unix:///b" } };
    expect(plan("ConfigFiles", state, news)).toEqual([]);
  });
});

describe("the dynamic configuration", () => {
  const roll =
    "PostgreSQL restarts one member at a time, replicas first, then the leader after its leadership moved";
  const dynamic = (parameters: Props, more: Props = {}, members = 3): Props => ({
    members: Array.from({ length: members }, (_, index) => ({ name: `m${index + 1}` })),
    config: { ttl: 20, ...more, postgresql: { use_slots: true, parameters } },
  });

  it.each<[string, Props, Props, string[]]>([
    [
      "parameters that are reloaded",
      { work_mem: "4MB", log_lock_waits: "on", wal_level: "replica" },
      { work_mem: "5MB", log_lock_waits: "off", wal_level: "replica" },
      ["hot: parameters log_lock_waits, work_mem, reloaded"],
    ],
    [
      "a parameter that wants a restart",
      { max_connections: 200 },
      { max_connections: 300 },
      [`rolling: max_connections: ${roll}`],
    ],
    [
      "both, each in its line",
      { shared_buffers: "1GB" },
      { shared_buffers: "2GB", work_mem: "5MB" },
      ["hot: parameters work_mem, reloaded", `rolling: shared_buffers: ${roll}`],
    ],
    [
      "a parameter that is taken out",
      { shared_buffers: "1GB", work_mem: "4MB" },
      { shared_buffers: "1GB" },
      ["hot: parameters work_mem, reloaded"],
    ],
    [
      "what version or extension decides",
      {},
      { autovacuum_max_workers: 5, "cron.timezone": "UTC", "pg_stat_statements.track": "all" },
      [
        "hot: parameters pg_stat_statements.track, reloaded",
        `rolling: autovacuum_max_workers, cron.timezone: reloaded, and where that is not enough ${roll}`,
      ],
    ],
    [
      "a limit that standbys share, lowered to its default",
      { max_locks_per_transaction: 96 },
      {},
      [
        `rolling: max_locks_per_transaction: ${roll}; as max_locks_per_transaction is lowered, then all once more, the leader first and where it is, which closes its connections`,
      ],
    ],
    [
      "the same limit, raised from its default",
      {},
      { max_locks_per_transaction: 96 },
      [`rolling: max_locks_per_transaction: ${roll}`],
    ],
  ])("says of %s", (_, old, now, lines) => {
    expect(plan("DynamicConfig", dynamic(old), dynamic(now))).toEqual(lines);
  });

  it("names Patroni's own settings", () => {
    const state = dynamic({}, { loop_wait: 2 });
    const news = dynamic({}, { loop_wait: 1, ttl: 30 });
    (news.config as { postgresql: Props }).postgresql.use_slots = false;
    expect(plan("DynamicConfig", state, news)).toEqual([
      "hot: Patroni's loop_wait, ttl, postgresql.use_slots, taken over while it runs",
    ]);
  });

  it("takes up a restart that somebody waits for", () => {
    const state = dynamic({}, { "(restart pending)": "m1, m3" });
    expect(plan("DynamicConfig", state, dynamic({}))).toEqual([
      `rolling: what m1, m3 already waits for: ${roll}`,
    ]);
  });

  it("promises nobody to serve where there is one member", () => {
    const lines = plan("DynamicConfig", dynamic({}), dynamic({ port: 1 }, {}, 1));
    expect(lines).toEqual([
      "rolling: port: PostgreSQL restarts, and there is no other member to serve meanwhile",
    ]);
  });

  it("says nothing of another way to the members", () => {
    expect(plan("DynamicConfig", dynamic({}), dynamic({}, {}, 5))).toEqual([]);
  });
});

describe("a trigger", () => {
  const members = ["orders-pg1-postgres-1", "orders-pg2-postgres-1", "orders-pg3-postgres-1"];
  const drain = (trigger: string, member = 1, all = members): Props => ({
    member: { name: all[member] },
    members: all.map((name) => ({ name })),
    trigger,
  });

  it("rolls a member in its place", () => {
    expect(plan("Drain", drain("old"), drain("new"))).toEqual([
      "rolling: orders-pg2-postgres-1 (2 of 3) is replaced once the others stream, its leadership moved before if it leads",
    ]);
    expect(plan("Drain", drain("old", 2), drain("new", 2))[0]).toContain("1 (3 of 3) is");
  });

  it("rolls the only member, which nobody stands in for", () => {
    const one = (trigger: string): Props => drain(trigger, 0, members.slice(0, 1));
    expect(plan("Drain", one("old"), one("new"))).toEqual([
      "rolling: orders-pg1-postgres-1 is replaced, and there is no other member to serve meanwhile",
    ]);
  });

  it("that stays is no change", () => {
    expect(plan("Drain", drain("same"), drain("same", 1, members.slice(0, 2)))).toEqual([]);
  });

  it("has members restart only when a host that is out is back", () => {
    const now = { config: { postgresql: { parameters: { max_connections: 200 } } } };
    const inputs = { members: [{ name: "m1" }, { name: "m2" }], unreachable: 1 };
    const old = { ...now, config: { ...now.config, "(restart pending)": "m1" } };
    const lines = planLines("pgha:index:DynamicConfig", {
      name: "orders-dynamic-config",
      state: { ...inputs, ...old },
      news: { ...inputs, ...now },
      changed: ["config"],
    });
    expect(lines).toEqual([
      "rolling: what m1 already waits for: PostgreSQL is not restarted before the host that is out is back",
    ]);
  });

  const at = (container: string): Props => ({ container });
  const servers = [at("c1"), at("c2"), at("c3")];
  const endpoint = {
    kind: "haproxy",
    endpoint: at("h1"),
    others: [at("h2")],
    before: 0,
    through: [],
  };

  it.each<[string, string, Props, string]>([
    [
      "a Consul server",
      "ConsulNode",
      { node: at("c3"), raftAddress: "10.0.0.3:8300", servers },
      "rolling: c3 (3 of 3) is replaced once the other Consul servers are well",
    ],
    [
      "the only Consul server",
      "ConsulNode",
      { node: at("c1"), raftAddress: "10.0.0.1:8300", servers: [at("c1")] },
      "rolling: c1 is replaced, and there is no other Consul server to serve meanwhile",
    ],
    [
      "a Consul agent",
      "ConsulNode",
      { node: at("a2"), servers, agents: [at("a1"), at("a2")] },
      "rolling: a2 (2 of 2) is replaced, a Consul agent: Patroni of its host is without it meanwhile",
    ],
    [
      "an HAProxy beside another",
      "EndpointGate",
      endpoint,
      "rolling: h1 (1 of 2) is replaced once the others of its kind serve",
    ],
    [
      "the only HAProxy, with pools",
      "EndpointGate",
      { ...endpoint, others: [], through: [{ pooler: at("p1") }, { pooler: at("p2") }] },
      "rolling: h1 is replaced, and there is no other HAProxy to serve meanwhile; p1, p2 hold their clients until it is back",
    ],
    [
      "the only PgBouncer",
      "EndpointGate",
      { ...endpoint, kind: "pgbouncer", endpoint: at("p1"), others: [] },
      "rolling: p1 is replaced, and there is no other PgBouncer to serve meanwhile",
    ],
    [
      "the sidecar of a member",
      "BackupGate",
      { container: at("s1"), repository: at("r1") },
      "rolling: s1 is replaced once no backup runs, or after a minute",
    ],
    [
      "the repository",
      "BackupGate",
      { container: at("r1"), repository: at("r1") },
      "rolling: r1 is replaced once no backup runs, or after a minute; the members keep their WAL until it is back",
    ],
  ])("rolls %s", (_, type, inputs, line) => {
    const [old, now] = [
      { ...inputs, trigger: "old" },
      { ...inputs, trigger: "new" },
    ];
    expect(plan(type, old, now)).toEqual([line]);
    expect(plan(type, now, { ...now, timeoutSeconds: 5 })).toEqual([]);
  });

  it.each<[string, Props]>([
    ["Drain", { member: { name: "m1", ...at("c1") }, members: [] }],
    ["ConsulNode", { node: at("c1"), servers }],
    ["EndpointGate", { ...endpoint, endpoint: at("c1") }],
    ["BackupGate", { container: at("c1") }],
  ])("that stays, of a %s, with another memory limit is hot", (type, inputs) => {
    const old = { ...inputs, trigger: "t", memoryMiB: 64 };
    expect(plan(type, old, { ...old, memoryMiB: 128 })).toEqual([
      "hot: c1: memory limit 64 -> 128 MiB, set while it runs",
    ]);
    expect(plan(type, { ...inputs, trigger: "t" }, old)).toEqual([]);
    // Replaced it gets the limit as well.
    expect(plan(type, old, { ...old, memoryMiB: 128, trigger: "u" })).toMatchObject({ length: 1 });
  });
});

describe("the shape", () => {
  const shape = (members: string[], servers: Record<string, string>): Props => ({
    members,
    consulServers: servers,
  });

  it("names who comes, goes and moves", () => {
    const state = shape(["m1", "m2"], { a: "10.0.0.1:8300", b: "10.0.0.2:8300" });
    const news = shape(["m1", "m3"], { a: "10.0.0.9:8300", c: "10.0.0.3:8300" });
    expect(plan("ClusterShape", state, news)).toEqual([
      "hot: member m3 is added, it copies the data and then streams",
      "rolling: member m2 leaves, its leadership moved before if it leads",
      "rolling: Consul server c is added to those that vote",
      "rolling: Consul server b leaves those that vote",
      "rolling: Consul server a moves from 10.0.0.1:8300 to 10.0.0.9:8300",
    ]);
  });

  it("names endpoints that come and go, and those of an older record by nothing", () => {
    const [old, now] = [{ endpoints: ["h1", "h2"] }, { endpoints: ["h1", "p1"] }];
    expect(plan("ClusterShape", old, now)).toEqual([
      "hot: p1 is added, which clients may use from then on",
      "rolling: h2 is removed, its clients go on by the others of its kind",
    ]);
    expect(plan("ClusterShape", {}, now)).toEqual([]);
  });

  it("says nothing of users", () => {
    expect(plan("ClusterShape", { users: ["a"] }, { users: ["a", "b"] })).toEqual([]);
  });
});

describe("what is altered in place", () => {
  it.each<[string, Props, Props, string]>([
    [
      "Role",
      { name: "app", password: "hunter1", login: true },
      { name: "app", password: "hunter2", login: false },
      "hot: role app: password, login, altered in place",
    ],
    [
      "Database",
      { name: "app", owner: "a" },
      { name: "app", owner: "b" },
      "hot: database app: owner, altered in place",
    ],
    [
      "PoolLookup",
      { lookupRole: "a" },
      { lookupRole: "b" },
      "hot: PgBouncer's lookup: lookupRole, altered in place",
    ],
    [
      "ConsulAcl",
      { policies: [1], managementToken: "a" },
      { policies: [2], managementToken: "b" },
      "hot: Consul's access lists: policies, altered in place",
    ],
    [
      "PoolSettings",
      { pooler: { container: "p1" }, settings: { pool_size: "1", a: "1" } },
      { pooler: { container: "p1" }, settings: { pool_size: "2", a: "1" } },
      "hot: p1: settings pool_size, set while it runs",
    ],
  ])("%s", (type, state, news, line) => {
    expect(plan(type, state, news)).toEqual([line]);
  });

  it("is nothing where only the way to it changed, or the type has no part in the cluster", () => {
    expect(plan("Role", { name: "a", members: [1] }, { name: "a", members: [2] })).toEqual([]);
    expect(plan("Ready", { trigger: "a" }, { trigger: "b" })).toEqual([]);
  });
});
