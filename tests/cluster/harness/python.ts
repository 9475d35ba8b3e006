import { writeFileSync } from "node:fs";
import { ok } from "../../harness/run";
import { work } from "./identity";

const VERSION = "1.31.6";
const venv = work("venv");

/** Makes a virtual environment with pg8000: the driver of another language, with no libpq in it. */
export async function makePython(): Promise<void> {
  await ok("python3", ["-m", "venv", venv]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  await ok(`${venv}/bin/python`, [...pip, `pg8000==${VERSION}`], { timeoutMs: 180_000 });
  writeFileSync(work("query.py"), SCRIPT);
}

/** Reads a request from stdin, runs its statement on a verified connection, prints the rows. */
const SCRIPT = `import json, ssl, sys
import pg8000.dbapi

request = json.load(sys.stdin)
context = ssl.create_default_context(cadata=request["ca"])
connection = pg8000.dbapi.connect(
    user=request["user"], password=request["password"], host=request["host"],
    port=request["port"], database=request["database"], ssl_context=context, timeout=15)
cursor = connection.cursor()
cursor.execute(request["sql"])
rows = cursor.fetchall() if cursor.description else []
connection.commit()
json.dump([[str(cell) for cell in row] for row in rows], sys.stdout)
`;

/** What pg8000 is asked. */
export interface PythonRequest {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ca: string;
  readonly sql: string;
}

/** Runs a statement through pg8000, host name and certificate verified. */
export async function python(request: PythonRequest): Promise<string[][]> {
  const args = [work("query.py")];
  const text = await ok(`${venv}/bin/python`, args, { stdin: JSON.stringify(request) });
  return JSON.parse(text) as string[][];
}
