/** Status as text; pure. */
import { bytes, duration, table, timestamp } from "../table";
import {
  type BackupRow,
  type EndpointRow,
  type HostRow,
  type MemberRow,
  type PoolRow,
  type Status,
  UNREACHABLE,
} from "./types";

/** The whole report. `now` is Unix seconds. */
export function formatStatus(status: Status, now: number): string {
  const sections = [
    headline(status),
    hosts(status.hosts),
    members(status.members),
    endpoints(status.endpoints),
    consul(status),
    pools(status.pools),
    backup(status.backup, now),
    problems(status.problems),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function headline({ cluster, verdict, paused }: Status): string {
  const state = `Cluster ${cluster} is ${verdict}.`;
  if (!paused) return state;
  return `${state}\n\n*** PAUSED (maintenance mode): NOTHING FAILS OVER. End it: ops -- resume ***`;
}

/** On a single host that answers the table would say nothing. */
function hosts(rows: readonly HostRow[]): string {
  if (rows.length < 2 && rows.every(({ error }) => error === null)) return "";
  return table(
    ["HOST", "ENGINE", "CONTAINERS"],
    rows.map(({ name, error, running, containers }) => [
      name,
      error === null ? "answers" : UNREACHABLE,
      running === null ? "-" : `${running} of ${containers} run`,
    ]),
  );
}

function members(rows: readonly MemberRow[]): string {
  const head = ["MEMBER", "HOST", "ROLE", "STATE", "TIMELINE", "LAG", "SYNC", "PENDING RESTART"];
  return table(
    head,
    rows.map((row) => [
      row.name,
      row.host,
      row.role,
      row.state,
      row.timeline === null ? "-" : String(row.timeline),
      lag(row),
      row.sync ?? "-",
      row.pendingRestart ? "yes" : "-",
    ]),
  );
}

function lag(row: MemberRow): string {
  if (row.lagBytes !== null) return bytes(row.lagBytes);
  return row.sync === null ? "-" : "unknown";
}

function endpoints(rows: readonly EndpointRow[]): string {
  if (rows.length === 0) return "";
  return table(
    ["ENDPOINT", "ADDRESS", "ANSWERS"],
    rows.map((row) => [
      row.kind,
      `${row.host}:${row.port}`,
      row.answeredBy === null ? noAnswer(row) : `${row.answeredBy}, ${row.milliseconds ?? 0} ms`,
    ]),
  );
}

function noAnswer({ error }: EndpointRow): string {
  return error === UNREACHABLE ? UNREACHABLE : "no";
}

function consul({ consul: store }: Status): string {
  if (store.error !== null) return "CONSUL  does not answer";
  return `CONSUL  leader ${store.leader ?? "none"}; ${store.servers}`;
}

function pools(rows: readonly PoolRow[]): string {
  if (rows.length === 0) return "";
  const head = ["POOL", "PORT", "CLIENTS", "WAITING", "SERVERS", "IDLE", "LONGEST WAIT", "PAUSED"];
  return table(
    head,
    rows.map((row) =>
      row.error !== null
        ? [row.name, String(row.port), row.error === UNREACHABLE ? UNREACHABLE : "does not answer"]
        : [
            row.name,
            String(row.port),
            String(row.clientsActive),
            String(row.clientsWaiting),
            String(row.serversActive),
            String(row.serversIdle),
            duration(row.maxWaitSeconds),
            row.paused.includes("*") ? "YES" : row.paused.join(", ") || "-",
          ],
    ),
  );
}

function backup(row: BackupRow | null, now: number): string {
  if (row === null) return "BACKUP  none: the cluster has no repository";
  if (row.error === UNREACHABLE) return `BACKUP  stanza ${row.stanza}: ${UNREACHABLE}`;
  if (row.error !== null) return `BACKUP  stanza ${row.stanza}: does not answer`;
  const parts = [lastBackup(row, now)];
  if (row.running) parts.push("one is running");
  if (row.archive !== null) parts.push(archive(row.archive));
  return `BACKUP  stanza ${row.stanza}: ${parts.join("; ")}`;
}

function lastBackup({ last, count }: BackupRow, now: number): string {
  if (last === null) return "no backup yet";
  const age = duration(now - last.stop);
  return `last ${last.type} ${last.label}, ended ${timestamp(last.stop)} (${age} ago), ${count} kept`;
}

function archive(state: NonNullable<BackupRow["archive"]>): string {
  if (state.failing) return "WAL archiving FAILS";
  const { lastArchivedSecondsAgo: ago } = state;
  return ago === null ? "no WAL archived yet" : `WAL archived ${duration(ago)} ago`;
}

function problems(list: readonly string[]): string {
  if (list.length === 0) return "";
  return ["Problems:", ...list.map((problem) => `  * ${problem}`)].join("\n");
}
