/** SQL work of the types on the leader, as superuser. */
import type { Client } from "pg";
import type { MemberAccess } from "../model/access";
import { readAnywhere, withLeader } from "../control/sql";
import { sqlState } from "../control/sqlSession";
import { readOrGone } from "./gone";

const WRITE_MS = 120_000;

/** Runs idempotent work on the leader; begins again on a failover. */
export function write(
  members: readonly MemberAccess[],
  database: string,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  return withLeader(members, { database, timeoutMs: WRITE_MS }, work);
}

/** The same, in one transaction whose statements no log and no statistic keeps. */
export function writeQuietly(
  members: readonly MemberAccess[],
  work: (client: Client) => Promise<void>,
): Promise<void> {
  return write(members, "postgres", async (client) => {
    await client.query("BEGIN");
    for (const [name, value] of QUIET) await client.query(`SET LOCAL ${name} = ${value}`);
    await work(client);
    await client.query("COMMIT");
  });
}

/** Statements that carry a password verifier must not be written anywhere. */
const QUIET = [
  ["log_statement", "'none'"],
  ["log_min_duration_statement", "-1"],
  ["log_min_error_statement", "panic"],
  ["log_duration", "off"],
  ["pg_stat_statements.track_utility", "off"],
  ["pgaudit.log", "'none'"],
] as const;

/** Reads live values; undefined when they are gone, which includes a missing database. */
export function readLive<T>(
  members: readonly MemberAccess[],
  database: string,
  work: (client: Client) => Promise<T | undefined>,
): Promise<T | undefined> {
  return readOrGone("PostgreSQL", members, async () => {
    try {
      return await readAnywhere(members, database, work);
    } catch (error) {
      if (sqlState(error) === "3D000") return undefined;
      throw error;
    }
  });
}
