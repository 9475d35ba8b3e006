/** The table that probes write to and the function that PgBouncer looks passwords up with. */
import { escapeIdentifier, type Client } from "pg";

/** Body of the lookup: no superusers, no replication roles, no expired passwords, no NOLOGIN. */
const LOOKUP_BODY = `
  SELECT a.rolname::text, a.rolpassword FROM pg_catalog.pg_authid a
  WHERE a.rolname = lookup_name AND a.rolcanlogin AND NOT a.rolsuper AND NOT a.rolreplication
    AND (a.rolvaliduntil IS NULL OR a.rolvaliduntil > pg_catalog.now())
`;

/** Statements that make function and table what they should be; each may be repeated. */
export function lookupStatements(lookupRole: string, heartbeatRole: string): string[] {
  const lookup = escapeIdentifier(lookupRole);
  const heartbeat = escapeIdentifier(heartbeatRole);
  return [
    "CREATE SCHEMA IF NOT EXISTS pgha",
    "ALTER SCHEMA pgha OWNER TO postgres",
    "REVOKE ALL ON SCHEMA pgha FROM PUBLIC",
    `GRANT USAGE ON SCHEMA pgha TO ${lookup}, ${heartbeat}`,
    `CREATE OR REPLACE FUNCTION pgha.pool_lookup(lookup_name text)
       RETURNS TABLE (usename text, passwd text)
       LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog AS $lookup$${LOOKUP_BODY}$lookup$`,
    "ALTER FUNCTION pgha.pool_lookup(text) OWNER TO postgres",
    "REVOKE ALL ON FUNCTION pgha.pool_lookup(text) FROM PUBLIC",
    `GRANT EXECUTE ON FUNCTION pgha.pool_lookup(text) TO ${lookup}`,
    "CREATE TABLE IF NOT EXISTS pgha.heartbeat (name text PRIMARY KEY, at timestamptz NOT NULL)",
    "ALTER TABLE pgha.heartbeat OWNER TO postgres",
    "REVOKE ALL ON TABLE pgha.heartbeat FROM PUBLIC",
    `GRANT SELECT, INSERT, UPDATE ON TABLE pgha.heartbeat TO ${heartbeat}`,
    `GRANT CONNECT ON DATABASE postgres TO ${lookup}, ${heartbeat}`,
  ];
}

/** What the catalog says of them. */
export interface LookupState {
  /** Undefined when the function is there as it should be, else what is wrong. */
  readonly lookupProblem?: string | undefined;
  /** The same for the table. */
  readonly heartbeatProblem?: string | undefined;
}

const STATE = `
SELECT to_regclass('pgha.heartbeat') IS NOT NULL AS has_table,
       p.oid IS NOT NULL AS has_function,
       p.prosrc = $3 AND p.prosecdef AND p.proconfig = ARRAY['search_path=pg_catalog']
         AND pg_get_userbyid(p.proowner) = 'postgres' AS as_defined,
       ARRAY(SELECT COALESCE(r.rolname, 'PUBLIC')::text
             FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) g
             LEFT JOIN pg_roles r ON r.oid = g.grantee
             WHERE g.grantee <> p.proowner ORDER BY 1) AS callers,
       CASE WHEN to_regrole(quote_ident($1)) IS NULL OR to_regclass('pgha.heartbeat') IS NULL THEN false
            ELSE has_table_privilege($1::name, 'pgha.heartbeat', 'INSERT')
             AND has_table_privilege($1::name, 'pgha.heartbeat', 'UPDATE')
             AND has_table_privilege($1::name, 'pgha.heartbeat', 'SELECT') END AS writable,
       $2::text AS lookup_role
FROM (SELECT 1) one LEFT JOIN pg_proc p ON p.oid = to_regprocedure('pgha.pool_lookup(text)')`;

interface Row {
  readonly has_table: boolean;
  readonly has_function: boolean;
  readonly as_defined: boolean | null;
  readonly callers: string[] | null;
  readonly writable: boolean;
}

/** Reads function and table; undefined when neither is there. */
export async function lookupState(
  client: Client,
  lookupRole: string,
  heartbeatRole: string,
): Promise<LookupState | undefined> {
  const { rows } = await client.query<Row>(STATE, [heartbeatRole, lookupRole, LOOKUP_BODY]);
  const row = rows[0];
  if (row === undefined || (!row.has_table && !row.has_function)) return undefined;
  return { lookupProblem: functionProblem(row, lookupRole), heartbeatProblem: tableProblem(row) };
}

function functionProblem(row: Row, lookupRole: string): string | undefined {
  if (!row.has_function) return "function missing";
  if (row.as_defined !== true) return "function changed";
  const callers = (row.callers ?? []).join(", ");
  return callers === lookupRole ? undefined : `may be called by ${callers || "nobody"}`;
}

function tableProblem(row: Row): string | undefined {
  if (!row.has_table) return "table missing";
  return row.writable ? undefined : "table not writable";
}

/** A write that every later one of the same name replaces. */
export async function beat(client: Client, name: string): Promise<void> {
  await client.query(
    "INSERT INTO pgha.heartbeat (name, at) VALUES ($1, now()) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
    [name],
  );
}
