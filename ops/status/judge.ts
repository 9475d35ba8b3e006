/** How bad it is: findings -> verdict and problems; pure. */
import { MAXIMUM_LAG_BYTES } from "../../model/render/dynamicConfig";
import type { Verdict } from "../exitCode";
import { bytes, duration } from "../table";
import {
  type BackupRow,
  type EndpointRow,
  type Findings,
  type HostRow,
  type MemberRow,
  type PoolRow,
  type Status,
  UNREACHABLE,
} from "./types";

/** A client that waits longer than this for a server connection is worth a word. */
const LONG_WAIT_SECONDS = 5;

/** Judges what was found. */
export function judge(found: Findings): Status {
  // A host that is out is one problem: what is on it is not told again.
  const out = new Set(found.hosts.filter(isOut).map(({ name }) => name));
  const problems = [
    ...leaderProblems(found),
    ...found.hosts.filter(isOut).map(hostProblem),
    ...found.containers
      .filter(({ host }) => !out.has(host))
      .map((one) => `${one.container} on host ${one.host}: ${one.found}`),
    ...memberProblems(found, out),
    ...consulProblems(found),
    ...found.endpoints.filter(({ runsOn }) => !out.has(runsOn)).flatMap(endpointProblems),
    ...found.pools.filter(({ runsOn }) => !out.has(runsOn)).flatMap(poolProblems),
    ...(found.backup === null ? [] : backupProblems(found.backup)),
  ];
  return { ...found, verdict: verdictOf(found, problems), problems };
}

/** Down: no leader, or no endpoint through which clients could write to it. */
function verdictOf(found: Findings, problems: readonly string[]): Verdict {
  const writers = found.endpoints.filter(({ kind }) => isPrimary(kind));
  const unreachable = writers.length > 0 && writers.every((one) => one.answeredBy !== "leader");
  if (found.leader === null || unreachable) return "down";
  return problems.length === 0 ? "healthy" : "degraded";
}

/** A host that does not answer, or none of whose containers runs. */
function isOut({ error, running, containers }: HostRow): boolean {
  return error !== null || (running === 0 && containers > 0);
}

function hostProblem({ name, error, containers }: HostRow): string {
  if (error !== null) return `host ${name} is unreachable: ${error}`;
  return `host ${name} is out: none of its ${containers} containers runs; after its maintenance: ops -- maintenance ${name} off`;
}

function isPrimary(kind: EndpointRow["kind"]): boolean {
  return kind === "primary" || kind === "pooledPrimary";
}

function leaderProblems(found: Findings): string[] {
  const problems: string[] = [];
  if (found.membersError !== null) problems.push(`no member answers: ${found.membersError}`);
  else if (found.leader === null) problems.push("there is no running leader");
  if (found.paused) problems.push("Patroni is paused: nothing fails over until `ops -- resume`");
  return problems;
}

function memberProblems(found: Findings, hostsOut: ReadonlySet<string>): string[] {
  if (found.membersError !== null) return [];
  const timeline = found.members.find(({ name }) => name === found.leader)?.timeline ?? null;
  // One whose container is out is named with the containers.
  const out = new Set(found.containers.map(({ container }) => container));
  return found.members
    .filter(({ name, host }) => !out.has(name) && !hostsOut.has(host))
    .flatMap((member) => oneMember(member, found.leader, timeline));
}

function oneMember(member: MemberRow, leader: string | null, timeline: number | null): string[] {
  const problems: string[] = [];
  if (member.pendingRestart) problems.push(`${member.name} has settings that wait for a restart`);
  if (member.name === leader) return problems;
  const led = member.role === "leader" ? "held the lead" : "does not stream";
  if (member.state !== "streaming") problems.push(`${member.name} ${led}: ${member.state}`);
  else if (member.lagBytes === null) problems.push(`${member.name}: its lag is unknown`);
  else if (member.lagBytes > MAXIMUM_LAG_BYTES) {
    problems.push(`${member.name} is ${bytes(member.lagBytes)} behind the leader`);
  }
  if (member.state === "streaming" && timeline !== null && member.timeline !== timeline) {
    problems.push(
      `${member.name} is on timeline ${member.timeline ?? "?"}, the leader on ${timeline}`,
    );
  }
  return problems;
}

function consulProblems({ consul }: Findings): string[] {
  if (consul.error !== null) return [`Consul: ${consul.error}`];
  if (consul.leader === null) return ["Consul has no leader: nothing can fail over"];
  return consul.healthy ? [] : [`Consul is not healthy: ${consul.servers}`];
}

function endpointProblems(endpoint: EndpointRow): string[] {
  const name = `endpoint ${endpoint.kind} (${endpoint.host}:${endpoint.port})`;
  if (endpoint.error !== null) return [`${name}: ${endpoint.error}`];
  if (isPrimary(endpoint.kind) && endpoint.answeredBy !== "leader") {
    return [`${name}: a replica answered instead of the leader`];
  }
  return [];
}

function poolProblems(pool: PoolRow): string[] {
  if (pool.error !== null) return [`pool ${pool.name}: ${pool.error}`];
  const problems: string[] = [];
  if (pool.paused.length > 0)
    problems.push(`pool ${pool.name} is paused: ${pausedText(pool.paused)}`);
  if (pool.maxWaitSeconds > LONG_WAIT_SECONDS) {
    const waits = duration(pool.maxWaitSeconds);
    problems.push(`pool ${pool.name}: ${pool.clientsWaiting} clients wait, one for ${waits}`);
  }
  return problems;
}

function pausedText(paused: readonly string[]): string {
  return paused.includes("*") ? "all databases" : paused.join(", ");
}

function backupProblems(backup: BackupRow): string[] {
  if (backup.error === UNREACHABLE) return ["backup: the repository's host is unreachable"];
  if (backup.error !== null) return [`backup: ${backup.error}`];
  const problems: string[] = [];
  if (backup.last === null && !backup.running)
    problems.push("there is no backup yet: ops -- backup");
  if (backup.archive?.failing === true)
    problems.push("archiving of WAL fails: see the leader's log");
  return problems;
}
