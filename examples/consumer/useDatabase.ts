/** One piece of work on the cluster's leader, through its pool; a failover on the way is ridden out. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { checkServerIdentity } from "node:tls";
import { Client } from "pg";
import type { Cluster, Endpoint } from "./cluster";

/** How long connection failures are tried again, and how long to wait in between. */
const RETRY_MS = 10_000;
const PAUSE_MS = 250;
const CONNECT_MS = 5_000;
const QUERY_MS = 10_000;

/** Who connects, where to, and the name that the row gets. */
export interface Work {
  readonly user: string;
  readonly database: string;
  readonly writer: string;
}

/** What was seen. */
export interface Seen {
  readonly serverVersion: string;
  readonly currentDatabase: string;
  /** False: the pool led to the leader. */
  readonly inRecovery: boolean;
  /** Rows that this run wrote and could read back. */
  readonly rowsWritten: number;
}

/** Writes a row and reads it back, once. Endpoints are tried in turn, for at most 10 s of failures. */
export async function useDatabase(cluster: Cluster, work: Work): Promise<Seen> {
  const end = Date.now() + RETRY_MS;
  const id = randomUUID();
  const { pooledPrimary } = cluster.endpoints;
  for (let attempt = 0; ; attempt++) {
    const endpoint = pooledPrimary[attempt % pooledPrimary.length] as Endpoint;
    try {
      return await once(cluster, endpoint, work, id);
    } catch (error) {
      const where = `${endpoint.host}:${endpoint.port}, database ${work.database}, user ${work.user}`;
      if (!isTransient(error)) throw failure(where, error, "It would fail again");
      if (Date.now() + PAUSE_MS > end) throw failure(where, error, "Tried for 10 s");
      await pause(PAUSE_MS);
    }
  }
}

async function once(cluster: Cluster, endpoint: Endpoint, work: Work, id: string): Promise<Seen> {
  const client = new Client({
    ...endpoint,
    user: work.user,
    database: work.database,
    password: cluster.credentials[work.user],
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    ssl: {
      ca: cluster.caCertificate,
      rejectUnauthorized: true,
      // Where the host is an address, `pg` gives TLS no name to compare the certificate with.
      checkServerIdentity: (_name, certificate) => checkServerIdentity(endpoint.host, certificate),
    },
  });
  client.on("error", () => undefined); // a lost connection also fails the query that runs
  try {
    await client.connect();
    return await writeAndRead(client, work.writer, id);
  } finally {
    await client.end();
  }
}

/** May be repeated: the same id is written once, whatever became of the first attempt. */
async function writeAndRead(client: Client, writer: string, id: string): Promise<Seen> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS consumer_visits
       (id uuid PRIMARY KEY, writer text NOT NULL, at timestamptz NOT NULL DEFAULT now())`,
  );
  await client.query(
    "INSERT INTO consumer_visits (id, writer) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
    [id, writer],
  );
  const { rows } = await client.query<Seen>(
    `SELECT current_setting('server_version') AS "serverVersion",
            current_database()::text AS "currentDatabase",
            pg_is_in_recovery() AS "inRecovery",
            (SELECT count(*)::int FROM consumer_visits WHERE id = $1) AS "rowsWritten"`,
    [id],
  );
  if (rows[0] === undefined) throw new Error("the server answered without a row");
  return rows[0];
}

/** Failures that a failover causes: the connection is lost, refused, or ends at a former leader. */
export function isTransient(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const known = typeof code === "string" ? code : "";
  // PgBouncer has one SQLSTATE, 08P01, for a wrong password and for a server that is away.
  if (/authentication failed|no such (user|database)/i.test(String(message))) return false;
  if (/^(ECONN|EPIPE$|ETIMEDOUT$|EHOSTUNREACH$|ENETUNREACH$)/.test(known)) return true;
  if (/^(08...|57P0.|25006|40001)$/.test(known)) return true; // SQLSTATE
  return /connection terminated|timeout|timed out/i.test(String(message));
}

function failure(where: string, error: unknown, tried: string): Error {
  const found = error instanceof Error ? error.message || error.name : String(error);
  return new Error(`cannot use the database (${where}): ${found}. ${tried}: look at the cluster.`);
}
