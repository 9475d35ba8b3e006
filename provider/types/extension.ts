/** Extension: an extension in a database. */
import { escapeIdentifier, type Client } from "pg";
import type { ExtensionInputs } from "../../model/resources";
import { readLive, write } from "../leaderSql";
import { define } from "../type";

async function schemaOf(client: Client, name: string): Promise<string | undefined> {
  const sql =
    "SELECT n.nspname::text AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = $1";
  return (await client.query<{ schema: string }>(sql, [name])).rows[0]?.schema;
}

async function ensure(client: Client, inputs: ExtensionInputs): Promise<void> {
  const name = escapeIdentifier(inputs.name);
  const schema = inputs.schema === undefined ? undefined : escapeIdentifier(inputs.schema);
  if (schema !== undefined) await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
  const live = await schemaOf(client, inputs.name);
  if (live === undefined) {
    await client.query(
      `CREATE EXTENSION IF NOT EXISTS ${name}${schema === undefined ? "" : ` SCHEMA ${schema}`}`,
    );
  } else if (schema !== undefined && live !== inputs.schema) {
    await client.query(`ALTER EXTENSION ${name} SET SCHEMA ${schema}`);
  }
}

/** Delete does nothing: dropping an extension drops the columns and indexes that use it. */
export const extension = define<ExtensionInputs, ExtensionInputs>({
  type: "pgha:index:Extension",
  secretFields: [],
  computed: [],
  access: ["members"],
  replaceOn: ["database", "name"],
  async create(inputs) {
    await write(inputs.members, inputs.database, (client) => ensure(client, inputs));
    return { id: `${inputs.database}/${inputs.name}`, state: inputs };
  },
  read: (state) =>
    readLive(state.members, state.database, async (client) => {
      const schema = await schemaOf(client, state.name);
      if (schema === undefined) return undefined;
      return state.schema === undefined ? state : { ...state, schema };
    }),
  async update(_, news) {
    await write(news.members, news.database, (client) => ensure(client, news));
    return news;
  },
  delete: () => Promise.resolve(),
});
