/** Database: a PostgreSQL database that only its owner, and whom the owner lets, may enter. */
import { escapeIdentifier, type Client } from "pg";
import type { DatabaseInputs } from "../../model/resources";
import { sqlState } from "../../control/sqlSession";
import { readLive, write } from "../leaderSql";
import { define, type CheckFailure } from "../type";

interface LiveDatabase {
  readonly owner: string;
  readonly connection_limit: number;
  /** Roles with a right of their own to connect. */
  readonly connect: readonly string[];
}

const FIND = `SELECT pg_get_userbyid(datdba)::text AS owner, datconnlimit AS connection_limit,
  ARRAY(SELECT rolname::text FROM aclexplode(datacl) JOIN pg_roles ON pg_roles.oid = grantee
    WHERE privilege_type = 'CONNECT') AS connect
  FROM pg_database WHERE datname = $1`;

async function find(client: Client, name: string): Promise<LiveDatabase | undefined> {
  return (await client.query<LiveDatabase>(FIND, [name])).rows[0];
}

/** @param before Users that could connect by an earlier config. */
async function ensure(
  client: Client,
  inputs: DatabaseInputs,
  before: readonly string[] = [],
): Promise<void> {
  if (!Number.isInteger(inputs.connectionLimit))
    throw new Error("connectionLimit is not an integer");
  const name = escapeIdentifier(inputs.name);
  const owner = escapeIdentifier(inputs.owner);
  if ((await find(client, inputs.name)) === undefined) {
    await createDatabase(
      client,
      `CREATE DATABASE ${name} OWNER ${owner} CONNECTION LIMIT ${inputs.connectionLimit}`,
    );
  }
  const live = await find(client, inputs.name);
  if (live?.owner !== inputs.owner) await client.query(`ALTER DATABASE ${name} OWNER TO ${owner}`);
  if (live?.connection_limit !== inputs.connectionLimit) {
    await client.query(`ALTER DATABASE ${name} CONNECTION LIMIT ${inputs.connectionLimit}`);
  }
  // Schema public belongs to pg_database_owner (PostgreSQL 15 and later), so to this owner.
  await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  await client.query(`GRANT ALL ON DATABASE ${name} TO ${owner}`);
  const { connect = [] } = inputs;
  for (const user of connect)
    await client.query(`GRANT CONNECT ON DATABASE ${name} TO ${escapeIdentifier(user)}`);
  const may = [inputs.owner, ...connect];
  for (const user of before.filter((one) => !may.includes(one) && live?.connect.includes(one)))
    await client.query(`REVOKE CONNECT ON DATABASE ${name} FROM ${escapeIdentifier(user)}`);
}

/** A lost answer may have been a success: that it exists already is then no error. */
async function createDatabase(client: Client, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    if (sqlState(error) !== "42P04") throw error;
  }
}

function check(_: Partial<DatabaseInputs>, news: DatabaseInputs): CheckFailure[] {
  if (!["postgres", "template0", "template1"].includes(news.name)) return [];
  return [{ property: "name", reason: `"${news.name}" is PostgreSQL's own: choose another name` }];
}

/**
 * Delete does nothing: a database is never dropped. Where it must go, a person drops it with
 * `ops -- psql`.
 */
export const database = define<DatabaseInputs, DatabaseInputs>({
  type: "pgha:index:Database",
  secretFields: [],
  computed: [],
  access: ["members"],
  replaceOn: ["name"],
  check,
  async create(inputs) {
    await write(inputs.members, "postgres", (client) => ensure(client, inputs));
    return { id: inputs.name, state: inputs };
  },
  read: (state) =>
    readLive(state.members, "postgres", async (client) => {
      const live = await find(client, state.name);
      if (live === undefined) return undefined;
      const connect = state.connect?.filter((user) => live.connect.includes(user));
      return { ...state, owner: live.owner, connectionLimit: live.connection_limit, connect };
    }),
  async update(old, news) {
    await write(news.members, "postgres", (client) => ensure(client, news, old.connect));
    return news;
  },
  delete: () => Promise.resolve(),
});
