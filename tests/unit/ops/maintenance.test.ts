import { describe, expect, it } from "vitest";
import {
  maintenanceProblems,
  maintenanceWarnings,
  type Situation,
} from "../../../ops/maintenance/judge";
import { startOrder, stopOrder } from "../../../ops/maintenance/order";
import { parseOutputs } from "../../../ops/stack/outputs";
import { withoutHosts } from "../../../ops/stack/reachable";
import { hostNamed, resultText } from "../../../ops/verbs/maintenance";
import { sampleOutputs } from "./outputs";

const NAMES = ["pg1", "pg2", "pg3"];
const hostOf = (name: string) => ({ name, docker: `ssh://deploy@${name}`, hostKey: undefined });

/** One of everything on each of three hosts. */
const operations: Situation["operations"] = {
  members: NAMES.map((host, n) => ({
    host: hostOf(host),
    container: `m-${host}`,
    name: `m-${host}`,
    address: `10.0.1.1${n}`,
    port: 5432,
    apiPort: 8008,
  })),
  consul: NAMES.map((host) => ({
    host: hostOf(host),
    container: `c-${host}`,
    httpsPort: 8501,
    address: host,
  })),
  haproxies: NAMES.map((host) => ({ host: hostOf(host), container: `h-${host}` })),
  poolers: NAMES.map((host) => ({
    host: hostOf(host),
    container: `p-${host}`,
    port: 6432,
    target: "primary" as const,
  })),
  repository: { host: hostOf("pg3"), container: "b-pg3" },
};
const member = (host: string, role: string, state: string, lag = 0) => ({
  name: `m-${host}`,
  role,
  state,
  lag,
});
const whole: Situation = {
  host: "pg1",
  operations,
  view: {
    scope: "orders",
    members: [
      member("pg1", "leader", "running"),
      member("pg2", "quorum_standby", "streaming"),
      member("pg3", "quorum_standby", "streaming"),
    ],
  },
  servers: NAMES.map((host) => ({ name: `c-${host}`, healthy: true })),
};
const view = (...members: ReturnType<typeof member>[]) => ({ view: { scope: "orders", members } });

describe("maintenance of a host", () => {
  it.each(NAMES)("is allowed where the others are whole: %s", (host) => {
    expect(maintenanceProblems({ ...whole, host })).toEqual([]);
  });

  it("may be asked for again when the host is out already", () => {
    const away = view(
      member("pg1", "replica", "stopped"),
      member("pg2", "leader", "running"),
      member("pg3", "quorum_standby", "streaming"),
    );
    const servers = whole.servers.map((one, n) => ({ ...one, healthy: n > 0 }));
    expect(maintenanceProblems({ ...whole, ...away, servers })).toEqual([]);
  });

  const late = member("pg3", "quorum_standby", "streaming", 17 * 1024 * 1024);
  const refused: [string, Partial<Situation>, RegExp][] = [
    ["the leader goes and only one streams", { ...view(member("pg1", "leader", "running"), member("pg2", "quorum_standby", "streaming"), member("pg3", "replica", "stopped")) }, /2 must stream on other hosts, and there is m-pg2/],
    ["the only streaming replica goes", { host: "pg2", ...view(member("pg1", "leader", "running"), member("pg2", "quorum_standby", "streaming"), member("pg3", "replica", "starting")) }, /1 must stream on other hosts, and there is none/],
    ["the one that stays is far behind", { host: "pg2", ...view(member("pg1", "leader", "running"), member("pg2", "quorum_standby", "streaming"), late) }, /there is none/],
    ["nobody leads", { ...view(member("pg2", "replica", "running")) }, /there is no leader/],
    ["Patroni is paused", { view: { ...whole.view, pause: true } }, /first ops -- resume/],
    ["another Consul server is out", { servers: whole.servers.map((server) => ({ ...server, healthy: server.name !== "c-pg2" })) }, /2 of 3 servers must be healthy on other hosts, and 1 are/],
  ]; // prettier-ignore
  it.each(refused)("is refused when %s", (_, change, problem) => {
    const problems = maintenanceProblems({ ...whole, ...change });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  it("is refused on a cluster of one host, for members and Consul", () => {
    const { operations: only } = parseOutputs("dev", sampleOutputs());
    const members = only.members.map(({ name }, n) => ({
      name,
      role: n === 0 ? "leader" : "quorum_standby",
      state: n === 0 ? "running" : "streaming",
    }));
    const servers = only.consul.map(({ container: name }) => ({ name, healthy: true }));
    const situation = { host: "local", operations: only, view: { members }, servers };
    expect(maintenanceProblems(situation)).toHaveLength(2);
  });

  it("minds only what the host runs", () => {
    const rest = { ...operations, members: operations.members.slice(1) };
    const broken = { ...whole, operations: rest, view: { members: [] } };
    expect(maintenanceProblems(broken)).toEqual([]);
  });

  it("warns of what only this host has", () => {
    expect(maintenanceWarnings(whole)).toEqual([]);
    expect(maintenanceWarnings({ ...whole, host: "pg3" })).toEqual([
      "no backup runs meanwhile, one that runs now is cut off; members keep their WAL",
    ]);
    const lone = { ...operations, haproxies: operations.haproxies.slice(0, 1) };
    expect(maintenanceWarnings({ ...whole, operations: lone })).toEqual([
      "it has the only HAProxy: endpoints and pools of all hosts are out meanwhile",
      "pools without an HAProxy on their own host may go through this one: p-pg2, p-pg3",
    ]);
  });
});

describe("the order", () => {
  const outputs = parseOutputs("dev", sampleOutputs());
  const names = (groups: ReturnType<typeof stopOrder>) =>
    groups.map((group) => group.map(({ container }) => container.replace("dev-local-", "")));
  it("stops what clients reach first and Consul's server last, and starts the other way round", () => {
    const order = [
      ["pgbouncer-1", "pgbouncer-replicas-1"],
      ["haproxy-1"],
      ["postgres-1", "postgres-2"],
      ["backrest-1", "backrest-2"],
      ["backup-1"],
      ["agent-1"],
      ["consul-1"],
    ];
    expect(names(stopOrder(outputs, "local"))).toEqual(order);
    expect(names(startOrder(outputs, "local"))).toEqual([...order].reverse());
    expect(stopOrder(outputs, "other")).toEqual([]);
  });

  it("leaves out what is on hosts that do not answer", () => {
    const none = withoutHosts(outputs, new Set(["local"])).operations;
    expect(none).toMatchObject({ members: [], consul: [], sidecars: [], repository: null });
    expect(withoutHosts(outputs, new Set())).toEqual(outputs);
  });
});

describe("words", () => {
  it("name hosts that there are, and what comes next", () => {
    const outputs = parseOutputs("dev", sampleOutputs());
    expect(hostNamed(outputs, "local")).toBe("local");
    expect(() => hostNamed(outputs, "pg9")).toThrow(/Name one of: local/);
    expect(resultText("pg2", "on", 7)).toMatch(/7 containers stopped.*maintenance pg2 off$/);
    expect(resultText("pg2", "off", 0)).toMatch(/nothing had to be started/);
  });
});
