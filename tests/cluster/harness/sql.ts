import { writeFileSync } from "node:fs";
import { Client, type ClientConfig } from "pg";
import { type EndpointKind, first } from "../../harness/outputs";
import { runPsql, withRoot } from "../../harness/psql";
import { ok, type Ran } from "../../harness/run";
import { endpoint, outputs } from "./context";
import { inspect } from "./docker";
import { work } from "./identity";

/** Who connects, and to what; what is left out is the owner of `app`, to its database. */
export interface Login {
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly ca?: string;
}

/** A `pg` client on an endpoint, certificate and host name verified; not connected yet. */
export function client(
  at: { host: string; port: number },
  login: Login = {},
  more: ClientConfig = {},
): Client {
  const { user = "app", database = "app", ca = outputs().caCertificate } = login;
  const made = new Client({
    host: at.host,
    port: at.port,
    user,
    password: login.password ?? outputs().credentials[user],
    database,
    ssl: { ca, rejectUnauthorized: true },
    connectionTimeoutMillis: 5000,
    query_timeout: 15_000,
    ...more,
  });
  made.on("error", () => undefined); // the query that runs, or the next one, fails as well
  return made;
}

/** Rows of a statement through an endpoint, by `pg`. */
export async function query<Row extends object>(
  kind: EndpointKind,
  sql: string,
  login: Login = {},
  parameters: unknown[] = [],
): Promise<Row[]> {
  const connection = client(endpoint(kind), login);
  await connection.connect();
  try {
    return (await connection.query<Row>(sql, parameters)).rows;
  } finally {
    await connection.end();
  }
}

/** The file with the authority's certificate, as a consumer would write it. */
function caFile(pem = outputs().caCertificate, name = "ca.pem"): string {
  writeFileSync(work(name), pem);
  return work(name);
}

/** A connection string as it is in the outputs, with the file of the authority added. */
export function withCa(uri: string, file = caFile()): string {
  return withRoot(uri, file);
}

/** Runs psql with a connection string, however it ends. */
export function psql(uri: string, sql: string): Promise<Ran> {
  const { container } = first(outputs().operations.members);
  const image = (): Promise<string> => inspect(container, "{{.Config.Image}}");
  return runPsql({ image, folder: work() }, uri, sql);
}

/** The same that must succeed; gives what psql printed. */
export async function psqlOk(uri: string, sql: string): Promise<string> {
  const { code, stdout, stderr } = await psql(uri, sql);
  if (code !== 0) throw new Error(`psql ended with ${code}: ${stderr.trim()}`);
  return stdout.trim();
}

/** A certificate authority of somebody else. */
export async function foreignCa(): Promise<{ certificate: string; key: string; file: string }> {
  const [key, file] = [work("foreign.key"), work("foreign.pem")];
  await ok("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" "),
    ..."-subj /CN=postgres-ha".split(" "),
    "-keyout",
    key,
    "-out",
    file,
  ]);
  const { readFileSync } = await import("node:fs");
  return { certificate: readFileSync(file, "utf8"), key: readFileSync(key, "utf8"), file };
}
