/** PoolLookup: the function behind PgBouncer's auth_query, and the heartbeat table. */
import type { Client } from "pg";
import type { PoolLookupInputs } from "../../model/resources";
import { lookupState, lookupStatements } from "../../control/heartbeat";
import { readLive, write } from "../leaderSql";
import { define } from "../type";

const DATABASE = "postgres";

async function ensure(client: Client, inputs: PoolLookupInputs): Promise<void> {
  await client.query("BEGIN");
  // Whoever else may call the function loses that: grants of earlier roles and of drift.
  await client.query("DROP FUNCTION IF EXISTS pgha.pool_lookup(text)");
  for (const sql of lookupStatements(inputs.lookupRole, inputs.heartbeatRole))
    await client.query(sql);
  await client.query("COMMIT");
}

function shown(role: string, problem: string | undefined): string {
  return problem === undefined ? role : `${role} (${problem})`;
}

/** Delete does nothing. */
export const poolLookup = define<PoolLookupInputs, PoolLookupInputs>({
  type: "pgha:index:PoolLookup",
  secretFields: [],
  computed: [],
  access: ["members"],
  async create(inputs) {
    await write(inputs.members, DATABASE, (client) => ensure(client, inputs));
    return { id: "pgha", state: inputs };
  },
  read: (state) =>
    readLive(state.members, DATABASE, async (client) => {
      const live = await lookupState(client, state.lookupRole, state.heartbeatRole);
      if (live === undefined) return undefined;
      return {
        ...state,
        lookupRole: shown(state.lookupRole, live.lookupProblem),
        heartbeatRole: shown(state.heartbeatRole, live.heartbeatProblem),
      };
    }),
  async update(_, news) {
    await write(news.members, DATABASE, (client) => ensure(client, news));
    return news;
  },
  delete: () => Promise.resolve(),
});
