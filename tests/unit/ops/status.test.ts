import { describe, expect, it } from "vitest";
import { verdictCode } from "../../../ops/exitCode";
import { parseOutputs } from "../../../ops/stack/outputs";
import { endpointPlaces } from "../../../ops/status/endpoints";
import { formatStatus } from "../../../ops/status/format";
import { hostRows } from "../../../ops/status/hosts";
import { judge } from "../../../ops/status/judge";
import { memberRow } from "../../../ops/status/members";
import { leadingServer, poolSummary } from "../../../ops/status/parts";
import type { BackupRow, EndpointRow, Findings, MemberRow } from "../../../ops/status/types";
import { sampleOutputs } from "./outputs";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;
const replica: MemberRow = {
  name: "dev-2",
  host: "local",
  role: "replica",
  state: "streaming",
  timeline: 3,
  lagBytes: 0,
  sync: "quorum",
  pendingRestart: false,
};
const leader: MemberRow = {
  ...replica,
  name: "dev-1",
  role: "leader",
  state: "running",
  lagBytes: null,
  sync: null,
};
const primary: EndpointRow = {
  kind: "primary",
  host: "127.0.0.1",
  runsOn: "local",
  port: 5000,
  answeredBy: "leader",
  milliseconds: 12,
  error: null,
};
const pool = {
  name: "dev-pgbouncer-1",
  runsOn: "local",
  port: 6432,
  ...poolSummary([], [], []),
  error: null,
};
const backup: BackupRow = {
  stanza: "dev",
  count: 2,
  running: false,
  last: { label: "20260102-000000F", type: "full", start: NOW - 7300, stop: NOW - 7200 },
  archive: { lastArchivedSecondsAgo: 40, failing: false },
  error: null,
};
const healthy: Findings = {
  cluster: "dev",
  checkedAt: "2026-01-02T03:04:05.000Z",
  leader: "dev-1",
  paused: false,
  hosts: [{ name: "local", error: null, containers: 8, running: 8 }],
  members: [leader, replica],
  membersError: null,
  endpoints: [
    primary,
    { ...primary, kind: "replicas", port: 5001, answeredBy: "replica", milliseconds: 9 },
  ],
  consul: { leader: "dev-consul-1", healthy: true, servers: "dev-consul-1 healthy", error: null },
  pools: [pool],
  backup,
  containers: [],
};

describe("the judgement", () => {
  it("finds a healthy cluster healthy: exit code 0", () => {
    const status = judge(healthy);
    expect(status).toMatchObject({ verdict: "healthy", problems: [] });
    expect(verdictCode(status.verdict)).toBe(0);
  });

  const late = { ...replica, lagBytes: 17 * 1024 * 1024 };
  const degraded: [string, Partial<Findings>, string][] = [
    ["a container is out", { containers: [{ container: "dev-haproxy-1", host: "local", found: "container exited" }] }, "dev-haproxy-1 on host local: container exited"],
    ["a replica does not stream", { members: [leader, { ...replica, state: "starting" }] }, "dev-2 does not stream: starting"],
    ["a replica is far behind", { members: [leader, late] }, "dev-2 is 17.0 MiB behind the leader"],
    ["a lag is unknown", { members: [leader, { ...replica, lagBytes: null }] }, "dev-2: its lag is unknown"],
    ["timelines differ", { members: [leader, { ...replica, timeline: 2 }] }, "dev-2 is on timeline 2, the leader on 3"],
    ["a restart is pending", { members: [{ ...leader, pendingRestart: true }, replica] }, "dev-1 has settings that wait for a restart"],
    ["Patroni is paused", { paused: true }, "Patroni is paused: nothing fails over until `ops -- resume`"],
    ["Consul has no leader", { consul: { ...healthy.consul, leader: null } }, "Consul has no leader: nothing can fail over"],
    ["Consul is not healthy", { consul: { ...healthy.consul, healthy: false } }, "Consul is not healthy: dev-consul-1 healthy"],
    ["a replica endpoint is out", { endpoints: [primary, { ...primary, kind: "replicas", port: 5001, answeredBy: null, error: "refused" }] }, "endpoint replicas (127.0.0.1:5001): refused"],
    ["a pool is paused", { pools: [{ ...pool, paused: ["app"] }] }, "pool dev-pgbouncer-1 is paused: app"],
    ["a whole pool is paused", { pools: [{ ...pool, paused: ["*"] }] }, "pool dev-pgbouncer-1 is paused: all databases"],
    ["clients wait", { pools: [{ ...pool, clientsWaiting: 3, maxWaitSeconds: 65 }] }, "pool dev-pgbouncer-1: 3 clients wait, one for 1 min"],
    ["there is no backup", { backup: { ...backup, last: null, count: 0 } }, "there is no backup yet: ops -- backup"],
    ["archiving fails", { backup: { ...backup, archive: { lastArchivedSecondsAgo: 900, failing: true } } }, "archiving of WAL fails: see the leader's log"],
  ]; // prettier-ignore
  it.each(degraded)("finds it degraded when %s: exit code 1", (_, change, problem) => {
    const status = judge({ ...healthy, ...change });
    expect(status).toMatchObject({ verdict: "degraded", problems: [problem] });
    expect(verdictCode(status.verdict)).toBe(1);
  });

  const far = { name: "pg2", error: "no answer within 5 s", containers: 3, running: null };
  it("tells of a dead host once, by its name, whatever is on it", () => {
    const lost: Findings = {
      ...healthy,
      hosts: [...healthy.hosts, far],
      members: [leader, { ...replica, host: "pg2", state: "unreachable" }],
      endpoints: [
        primary,
        { ...primary, host: "10.0.1.12", runsOn: "pg2", answeredBy: null, error: "unreachable" },
      ],
      pools: [pool, { ...pool, name: "dev-pgbouncer-2", runsOn: "pg2", error: "unreachable" }],
      backup: { ...backup, error: "unreachable" },
    };
    const status = judge(lost);
    expect(status.verdict).toBe("degraded");
    expect(status.problems).toEqual([
      "host pg2 is unreachable: no answer within 5 s",
      "backup: the repository's host is unreachable",
    ]);
    const text = formatStatus(status, NOW);
    expect(text).toMatch(/^pg2 +unreachable +-$/m);
    expect(text).toMatch(/^local +answers +8 of 8 run$/m);
    expect(text).toMatch(/^primary +10\.0\.1\.12:5000 +unreachable$/m);
    expect(text).toMatch(/^dev-2 +pg2 +replica +unreachable/m);
    expect(text).toMatch(/^dev-pgbouncer-2 +6432 +unreachable$/m);
    expect(text).toContain("BACKUP  stanza dev: unreachable");
  });

  it("takes a host where nothing runs for one that is out, with the way back", () => {
    const out = { name: "pg2", error: null, containers: 2, running: 0 };
    const containers = ["a", "b"].map((container) => ({
      container,
      host: "pg2",
      found: "container exited",
    }));
    expect(judge({ ...healthy, hosts: [...healthy.hosts, out], containers }).problems).toEqual([
      "host pg2 is out: none of its 2 containers runs; after its maintenance: ops -- maintenance pg2 off",
    ]);
  });

  const down: [string, Partial<Findings>][] = [
    ["nobody leads", { leader: null }],
    ["no member answers", { leader: null, membersError: "none answered" }],
    ["no way leads to the leader", { endpoints: [{ ...primary, answeredBy: null, error: "refused" }] }],
    ["the primary endpoint leads to a replica", { endpoints: [{ ...primary, answeredBy: "replica" }] }],
  ]; // prettier-ignore
  it.each(down)("finds it down when %s: exit code 2", (_, change) => {
    const status = judge({ ...healthy, ...change });
    expect(status.verdict).toBe("down");
    expect(status.problems.length).toBeGreaterThan(0);
    expect(verdictCode(status.verdict)).toBe(2);
  });

  it("does not mind a first backup that is still running, or a cluster without a repository", () => {
    const first = { ...backup, last: null, count: 0, running: true };
    expect(judge({ ...healthy, backup: first }).verdict).toBe("healthy");
    expect(judge({ ...healthy, backup: null }).verdict).toBe("healthy");
  });
});

describe("the text", () => {
  it("of a healthy cluster", () => {
    expect(formatStatus(judge(healthy), NOW)).toBe(`Cluster dev is healthy.

MEMBER  HOST   ROLE     STATE      TIMELINE  LAG  SYNC    PENDING RESTART
dev-1   local  leader   running    3         -    -       -
dev-2   local  replica  streaming  3         0    quorum  -

ENDPOINT  ADDRESS         ANSWERS
primary   127.0.0.1:5000  leader, 12 ms
replicas  127.0.0.1:5001  replica, 9 ms

CONSUL  leader dev-consul-1; dev-consul-1 healthy

POOL             PORT  CLIENTS  WAITING  SERVERS  IDLE  LONGEST WAIT  PAUSED
dev-pgbouncer-1  6432  0        0        0        0     0 s           -

BACKUP  stanza dev: last full 20260102-000000F, ended 2026-01-02 01:04:05Z (2 h 0 min ago), 2 kept; WAL archived 40 s ago`);
  });

  it("of a paused one says so at its top", () => {
    expect(
      formatStatus(judge({ ...healthy, paused: true }), NOW)
        .split("\n")
        .slice(0, 3),
    ).toEqual([
      "Cluster dev is degraded.",
      "",
      "*** PAUSED (maintenance mode): NOTHING FAILS OVER. End it: ops -- resume ***",
    ]);
  });

  it("of one that is not names every problem at its end", () => {
    const consul = { ...healthy.consul, error: "no server gave an answer" };
    const members = [{ ...leader, state: "stopped" }, replica];
    const found = {
      ...healthy,
      leader: null,
      members,
      consul,
      backup: null,
      pools: [],
      endpoints: [],
    };
    const text = formatStatus(judge(found), NOW);
    expect(text).toContain("Cluster dev is down.");
    expect(text).toContain("CONSUL  does not answer");
    expect(text).toContain("BACKUP  none: the cluster has no repository");
    expect(text.split("\n").slice(-4)).toEqual([
      "Problems:",
      "  * there is no running leader",
      "  * dev-1 held the lead: stopped",
      "  * Consul: no server gave an answer",
    ]);
  });
});

describe("the findings", () => {
  const member = { name: "dev-2", host: { name: "local", docker: "unix:///x" } };
  it("take Patroni's words for role and synchronous state", () => {
    const seen = { name: "dev-2", role: "quorum_standby", state: "streaming", timeline: 3, lag: 7 };
    expect(memberRow(member, seen, undefined)).toEqual({ ...replica, lagBytes: 7 });
    expect(memberRow(member, { ...seen, role: "sync_standby" }, undefined).sync).toBe("sync");
    expect(memberRow(member, { ...seen, role: "replica" }, undefined).sync).toBe("async");
    expect(memberRow(member, { ...seen, lag: "unknown" }, undefined).lagBytes).toBeNull();
  });

  it("believe the engine before Patroni, whose view may be old", () => {
    const seen = { name: "dev-2", role: "leader", state: "running" };
    expect(memberRow(member, seen, "container exited").state).toBe("container exited");
    expect(memberRow(member, undefined, undefined)).toMatchObject({
      role: "unknown",
      state: "not in the cluster",
    });
  });

  it("sum up the pools without the console's own, and name paused databases", () => {
    const row = { database: "app", cl_active: "2", cl_waiting: "1", sv_active: "1", sv_idle: "3", sv_used: "1", sv_tested: "0", maxwait: "4" }; // prettier-ignore
    const own = { ...row, database: "pgbouncer", maxwait: "99" };
    const databases = [
      { name: "app", paused: "1" },
      { name: "postgres", paused: "0" },
    ];
    expect(poolSummary([row, row, own], databases, [])).toEqual({
      clientsActive: 4,
      clientsWaiting: 2,
      serversActive: 2,
      serversIdle: 8,
      maxWaitSeconds: 4,
      paused: ["app"],
    });
    const state = [
      { key: "active", value: "no" },
      { key: "paused", value: "yes" },
    ];
    expect(poolSummary([], databases, state).paused).toEqual(["*"]);
  });

  it("count the containers of each host", () => {
    const outputs = parseOutputs("dev", sampleOutputs());
    const answer = { name: "local", error: null };
    expect(hostRows(outputs, [answer], [{ host: "local" }])).toEqual([
      { name: "local", error: null, containers: 10, running: 9 },
    ]);
    expect(hostRows(outputs, [{ ...answer, error: "gone" }], [])[0]?.running).toBeNull();
  });

  it("name the leading Consul server by its container where its address tells", () => {
    const { consul } = parseOutputs("dev", sampleOutputs()).operations;
    expect(leadingServer(consul, "198.18.0.20:8300")).toBe("dev-local-consul-1");
    expect(leadingServer(consul, "198.18.0.99:8300")).toBe("198.18.0.99:8300");
    expect(leadingServer(consul, "")).toBeNull();
  });

  it("know which container listens at which endpoint", () => {
    const places = endpointPlaces(parseOutputs("dev", sampleOutputs()));
    expect(places.map(({ kind, port, container }) => [kind, port, container.container])).toEqual([
      ["primary", 5000, "dev-local-haproxy-1"],
      ["replicas", 5001, "dev-local-haproxy-1"],
      ["pooledPrimary", 6432, "dev-local-pgbouncer-1"],
      ["pooledReplicas", 6433, "dev-local-pgbouncer-replicas-1"],
    ]);
  });
});
