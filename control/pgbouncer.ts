/** PgBouncer's admin console over its unix socket: same user id as the process, no password. */
import { Client } from "pg";
import type { ContainerAccess } from "../model/access";
import { dial } from "./dial";
import { place } from "./docker";
import { UnreachableError, describe } from "./errors";

/** A PgBouncer process. */
export interface Pooler {
  readonly access: ContainerAccess;
  /** Directory of its unix socket inside the container. */
  readonly socketDirectory: string;
  readonly port: number;
}

/** A row of the console: column name -> text. */
export type ConsoleRow = Readonly<Record<string, string | null>>;

/** Runs console commands on one connection, in order; gives the rows of the last. */
export async function poolConsole(
  pooler: Pooler,
  commands: readonly string[],
): Promise<ConsoleRow[]> {
  const stream = dial(pooler.access, { unix: `${pooler.socketDirectory}/.s.PGSQL.${pooler.port}` });
  const client = new Client({
    user: "pgbouncer",
    database: "pgbouncer",
    stream: () => stream,
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", () => undefined); // a lost connection also fails the command that runs
  try {
    await client.connect();
    let rows: ConsoleRow[] = [];
    for (const command of commands)
      rows = (await client.query<Record<string, string | null>>(command)).rows;
    return rows;
  } catch (error) {
    throw new UnreachableError(
      {
        doing: `run ${commands.join("; ")} on PgBouncer's console`,
        where: place(pooler.access),
        found: describe(error),
        remedy: `Look at its log: docker logs --tail 50 ${pooler.access.container}`,
      },
      error,
    );
  } finally {
    stream.destroy();
  }
}

/** Live settings. */
export async function showConfig(pooler: Pooler): Promise<Map<string, string>> {
  const rows = await poolConsole(pooler, ["SHOW CONFIG"]);
  return new Map(rows.map((row) => [row.key ?? "", row.value ?? ""]));
}

/** Makes PgBouncer read its configuration and certificates again. */
export async function reloadPool(pooler: Pooler): Promise<void> {
  await poolConsole(pooler, ["RELOAD"]);
}
