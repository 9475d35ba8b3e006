/** Role: a PostgreSQL role with its password, settings, memberships and function grants. */
import { escapeIdentifier, type Client } from "pg";
import type { RoleInputs } from "../../model/resources";
import {
  parseSettings,
  resetStatement,
  roleOptions,
  sameSetting,
  setStatement,
  UNDECLARED,
} from "../../control/roleSql";
import { scramMatches, scramVerifier } from "../../control/scram";
import { readLive, writeQuietly } from "../leaderSql";
import { CHANGED } from "../secrets";
import { define, type CheckFailure } from "../type";

interface LiveRole {
  readonly login: boolean;
  readonly replication: boolean;
  readonly create_db: boolean;
  readonly connection_limit: number;
  readonly verifier: string | null;
  readonly settings: string[] | null;
  readonly member_of: string[];
  /** Attributes that nobody declared. */
  readonly undeclared: string[];
}

const FIND = `
SELECT a.rolcanlogin AS login, a.rolreplication AS replication, a.rolcreatedb AS create_db,
       a.rolconnlimit AS connection_limit, a.rolpassword AS verifier,
       ARRAY_REMOVE(ARRAY[${UNDECLARED.map(({ name, has }) => `CASE WHEN ${has} THEN '${name}' END`).join(", ")}], NULL) AS undeclared,
       (SELECT s.setconfig FROM pg_db_role_setting s WHERE s.setrole = a.oid AND s.setdatabase = 0) AS settings,
       ARRAY(SELECT r.rolname::text FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
             WHERE m.member = a.oid ORDER BY 1) AS member_of
FROM pg_authid a WHERE a.rolname = $1`;

const GRANTED = `
SELECT p.oid::regprocedure::text AS function,
       EXISTS (SELECT 1 FROM aclexplode(p.proacl) g
               WHERE g.grantee = (SELECT oid FROM pg_roles WHERE rolname = $2)
                 AND g.privilege_type = 'EXECUTE') AS granted
FROM pg_proc p WHERE p.oid = to_regprocedure($1)`;

async function find(client: Client, name: string): Promise<LiveRole | undefined> {
  return (await client.query<LiveRole>(FIND, [name])).rows[0];
}

async function grantState(
  client: Client,
  signature: string,
  role: string,
): Promise<{ function: string; granted: boolean } | undefined> {
  return (await client.query<{ function: string; granted: boolean }>(GRANTED, [signature, role]))
    .rows[0];
}

async function ensure(client: Client, inputs: RoleInputs): Promise<void> {
  const live = await find(client, inputs.name);
  const { password } = inputs;
  const rewrite = password !== undefined && !scramMatches(password, live?.verifier);
  const options = roleOptions(inputs, rewrite ? scramVerifier(password) : undefined);
  const verb = live === undefined ? "CREATE" : "ALTER";
  await client.query(`${verb} ROLE ${escapeIdentifier(inputs.name)} WITH ${options}`);
  await ensureSettings(client, inputs, parseSettings(live?.settings ?? null));
  await ensureMemberships(client, inputs, live?.member_of ?? []);
  for (const signature of inputs.executes) await ensureExecute(client, signature, inputs.name);
}

async function ensureSettings(
  client: Client,
  inputs: RoleInputs,
  live: Record<string, string>,
): Promise<void> {
  for (const [name, value] of Object.entries(inputs.settings)) {
    const now = live[name];
    if (now === undefined || !sameSetting(name, now, value)) {
      await client.query(setStatement(inputs.name, name, value));
    }
  }
  for (const name of Object.keys(live)) {
    if (!(name in inputs.settings)) await client.query(resetStatement(inputs.name, name));
  }
}

async function ensureMemberships(
  client: Client,
  inputs: RoleInputs,
  live: readonly string[],
): Promise<void> {
  const role = escapeIdentifier(inputs.name);
  for (const group of inputs.memberOf) {
    if (!live.includes(group)) await client.query(`GRANT ${escapeIdentifier(group)} TO ${role}`);
  }
  for (const group of live) {
    if (!inputs.memberOf.includes(group))
      await client.query(`REVOKE ${escapeIdentifier(group)} FROM ${role}`);
  }
}

async function ensureExecute(client: Client, signature: string, role: string): Promise<void> {
  const state = await grantState(client, signature, role);
  if (state === undefined)
    throw new Error(`role ${role}: there is no function ${signature} to grant`);
  // The name comes back from the catalog, quoted where it must be.
  if (!state.granted) {
    await client.query(`GRANT EXECUTE ON FUNCTION ${state.function} TO ${escapeIdentifier(role)}`);
  }
}

async function read(client: Client, state: RoleInputs): Promise<RoleInputs | undefined> {
  const live = await find(client, state.name);
  if (live === undefined) return undefined;
  const settings = parseSettings(live.settings);
  for (const [name, value] of Object.entries(state.settings)) {
    const now = settings[name];
    if (now !== undefined && sameSetting(name, now, value)) settings[name] = value;
  }
  const granted: string[] = [];
  for (const signature of state.executes) {
    if ((await grantState(client, signature, state.name))?.granted === true)
      granted.push(signature);
  }
  const known = state.password === undefined || scramMatches(state.password, live.verifier);
  const sameGroups = [...state.memberOf].sort().join() === [...live.member_of].sort().join();
  return {
    ...state,
    password: known ? state.password : CHANGED,
    login: live.login,
    replication: live.replication,
    createDb: live.create_db,
    connectionLimit: live.connection_limit,
    memberOf: sameGroups ? state.memberOf : live.member_of,
    settings,
    executes: granted,
    // Shown only where there is one: no input has it, so it is a difference.
    ...(live.undeclared.length > 0 ? { undeclared: live.undeclared } : {}),
  };
}

function check(_: Partial<RoleInputs>, news: RoleInputs): CheckFailure[] {
  if (news.name !== "postgres" && !news.name.startsWith("pg_")) return [];
  return [{ property: "name", reason: `"${news.name}" is PostgreSQL's own: choose another name` }];
}

/**
 * Delete does nothing: a role is never dropped, since it may own data. Where it must go, a person
 * drops it with `ops -- psql` after looking at what it owns.
 */
export const role = define<RoleInputs, RoleInputs>({
  type: "pgha:index:Role",
  secretFields: ["password"],
  computed: [],
  access: ["members"],
  replaceOn: ["name"],
  check,
  async create(inputs) {
    await writeQuietly(inputs.members, (client) => ensure(client, inputs));
    return { id: inputs.name, state: inputs };
  },
  read: (state) => readLive(state.members, "postgres", (client) => read(client, state)),
  async update(_, news) {
    await writeQuietly(news.members, (client) => ensure(client, news));
    return news;
  },
  delete: () => Promise.resolve(),
});
