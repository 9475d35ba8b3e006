/** The other parts of a status: containers, Consul, pools, backups. */
import { autopilotHealthy, consulLeader } from "../../control/consul";
import { containerState } from "../../control/docker";
import { describe } from "../../control/errors";
import { stanzaInfo } from "../../control/pgbackrest";
import { type ConsoleRow, poolConsole } from "../../control/pgbouncer";
import { onMember } from "../../control/sqlSession";
import type { ConsulAccess, MemberAccess } from "../../model/access";
import { POOL_SOCKET_DIR } from "../../model/paths";
import { withDeadline } from "../deadline";
import { allContainers, type PartContainer } from "../stack/containers";
import type { StackOutputs } from "../stack/outputs";
import {
  type BackupRow,
  type ConsulRow,
  type ContainerProblem,
  type PoolRow,
  UNREACHABLE,
} from "./types";

const TIMEOUT_MS = 15_000;

/** A container's problem, and whether it runs all the same. */
export interface SeenContainer extends ContainerProblem {
  readonly runs: boolean;
}

/** Hosts whose engines do not answer: what is on them is not asked. */
export type Dead = ReadonlySet<string>;

/** Containers that do not run, or whose health check fails. */
export async function findContainers(outputs: StackOutputs, dead: Dead): Promise<SeenContainer[]> {
  const look = async ({ access }: PartContainer): Promise<SeenContainer | undefined> => {
    const where = { container: access.container, host: access.host.name };
    if (dead.has(where.host)) return { ...where, found: UNREACHABLE, runs: false };
    const call = { doing: "look at the container", where: where.container, timeoutMs: TIMEOUT_MS };
    try {
      const state = await withDeadline(call, containerState(access));
      if (!state.running) return { ...where, found: `container ${state.status}`, runs: false };
      if (state.health !== "unhealthy") return undefined;
      return { ...where, found: "its health check fails", runs: true };
    } catch (error) {
      return { ...where, found: describe(error), runs: false };
    }
  };
  const found = await Promise.all(allContainers(outputs).map(look));
  return found.filter((one) => one !== undefined);
}

/** Consul's leader and what its autopilot thinks of the servers. */
export async function findConsul(outputs: StackOutputs, dead: Dead): Promise<ConsulRow> {
  const { consul, consulViewerToken: token } = outputs.operations;
  // They are asked in turn: one on a dead host would use up the time of the others.
  const servers = consul.filter(({ host }) => !dead.has(host.name));
  const call = { doing: "ask Consul", where: outputs.clusterName, timeoutMs: TIMEOUT_MS };
  try {
    const asked = Promise.all([consulLeader(servers), autopilotHealthy({ servers, token })]);
    const [address, { healthy, found }] = await withDeadline(call, asked);
    return { leader: leadingServer(consul, address), healthy, servers: found, error: null };
  } catch (error) {
    return { leader: null, healthy: false, servers: "", error: describe(error) };
  }
}

/** Container of the server at an RPC address (`10.0.0.1:8300`), else the address itself; pure. */
export function leadingServer(servers: readonly ConsulAccess[], address: string): string | null {
  if (address === "") return null;
  const host = address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  const [found, ...more] = servers.filter((server) => server.address === host);
  return found !== undefined && more.length === 0 ? found.container : address;
}

/** Every PgBouncer, asked on its console. */
export function findPools(outputs: StackOutputs, dead: Dead): Promise<PoolRow[]> {
  const ask = async (access: StackOutputs["operations"]["poolers"][number]): Promise<PoolRow> => {
    const { container: name, port } = access;
    const at = { name, runsOn: access.host.name, port };
    if (dead.has(at.runsOn)) return { ...at, ...poolSummary([], [], []), error: UNREACHABLE };
    const pooler = { access, socketDirectory: POOL_SOCKET_DIR, port };
    const call = { doing: "ask PgBouncer", where: name, timeoutMs: TIMEOUT_MS };
    try {
      const asked = Promise.all([
        poolConsole(pooler, ["SHOW POOLS"]),
        poolConsole(pooler, ["SHOW DATABASES"]),
        poolConsole(pooler, ["SHOW STATE"]),
      ]);
      return { ...at, ...poolSummary(...(await withDeadline(call, asked))), error: null };
    } catch (error) {
      return { ...at, ...poolSummary([], [], []), error: describe(error) };
    }
  };
  return Promise.all(outputs.operations.poolers.map(ask));
}

/** Sums up `SHOW POOLS`, `SHOW DATABASES` and `SHOW STATE` without the console itself; pure. */
export function poolSummary(
  pools: readonly ConsoleRow[],
  databases: readonly ConsoleRow[],
  state: readonly ConsoleRow[],
): Omit<PoolRow, "name" | "runsOn" | "port" | "error"> {
  const own = pools.filter(({ database }) => database !== "pgbouncer");
  const sum = (...columns: string[]): number =>
    own.reduce(
      (total, row) => columns.reduce((t, column) => t + Number(row[column] ?? 0), total),
      0,
    );
  return {
    clientsActive: sum("cl_active"),
    clientsWaiting: sum("cl_waiting"),
    serversActive: sum("sv_active"),
    serversIdle: sum("sv_idle", "sv_used", "sv_tested"),
    maxWaitSeconds: Math.max(0, ...own.map(({ maxwait }) => Number(maxwait ?? 0))),
    paused: pausedDatabases(databases, state),
  };
}

/** A pause of all databases is a state of the process: `SHOW DATABASES` does not tell of it. */
function pausedDatabases(
  databases: readonly ConsoleRow[],
  state: readonly ConsoleRow[],
): readonly string[] {
  if (state.some(({ key, value }) => key === "paused" && value === "yes")) return ["*"];
  return databases.filter(({ paused }) => paused === "1").map(({ name }) => name ?? "?");
}

/** The repository's last backup and the leader's archiver. */
export async function findBackup(
  outputs: StackOutputs,
  leader: MemberAccess | undefined,
  dead: Dead,
): Promise<BackupRow | null> {
  const { repository } = outputs.operations;
  const { stanza } = outputs.backup;
  if (repository === null || stanza === null) return null;
  const call = { doing: "ask pgBackRest", where: repository.container, timeoutMs: TIMEOUT_MS };
  const archive = await findArchive(leader).catch(() => null); // the leader's own rows say why
  const none = { stanza, count: 0, running: false, last: null, archive };
  if (dead.has(repository.host.name)) return { ...none, error: UNREACHABLE };
  try {
    const info = await withDeadline(call, stanzaInfo({ repository, stanza }));
    if (info === undefined) return { ...none, error: "the repository does not know the stanza" };
    const good = info.backup.filter(({ error }) => error !== true);
    const last = good.at(-1);
    const running = info.status.lock?.backup?.held === true;
    const times = last && { label: last.label, type: last.type, ...last.timestamp };
    return { ...none, count: good.length, running, last: times ?? null, error: null };
  } catch (error) {
    return { ...none, error: describe(error) };
  }
}

const ARCHIVER = `
  SELECT EXTRACT(EPOCH FROM now() - last_archived_time)::float8 AS ago,
         COALESCE(last_failed_time > COALESCE(last_archived_time, '-infinity'), false) AS failing
  FROM pg_stat_archiver`;

async function findArchive(leader: MemberAccess | undefined): Promise<BackupRow["archive"]> {
  if (leader === undefined) return null;
  const call = { doing: "ask the archiver", where: leader.container, timeoutMs: TIMEOUT_MS };
  const asked = onMember(leader, "postgres", (client) =>
    client.query<{ ago: number | null; failing: boolean }>(ARCHIVER),
  );
  const row = (await withDeadline(call, asked)).rows[0];
  return row === undefined ? null : { lastArchivedSecondsAgo: row.ago, failing: row.failing };
}
