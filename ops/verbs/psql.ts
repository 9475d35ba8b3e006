/** `psql`: a superuser's session by the local socket inside a member's container. */
import type { Command } from "commander";
import { findLeader } from "../../control/sql";
import { SOCKET_DIR } from "../../model/paths";
import type { Ops, Run } from "../ops";
import { memberNamed } from "../stack/containers";
import { attach } from "../terminal/attach";
import { timeLimit } from "./switchover";

interface Options {
  readonly database: string;
  readonly member?: string;
  readonly timeout: number;
}

/** Adds the verb. */
export function addPsql(program: Command, run: Run): void {
  program
    .command("psql")
    .description("psql as superuser on the leader; what follows -- goes to psql")
    .argument("[arguments...]", "arguments for psql, after --")
    .option("-d, --database <name>", "database", "postgres")
    .option("--member <name>", "another member than the leader")
    .option("--timeout <seconds>", "limit where nobody types at a terminal", timeLimit, 3600)
    .action((args: string[], options: Options) => run((ops) => psql(ops, args, options)));
}

async function psql(ops: Ops, args: readonly string[], options: Options): Promise<number> {
  const outputs = await ops.outputs();
  const member =
    options.member === undefined
      ? await findLeader(outputs.operations.members)
      : memberNamed(outputs, options.member);
  const typed = process.stdin.isTTY === true && process.stdout.isTTY === true;
  if (typed) ops.note(`Superuser on ${member.name}, database ${options.database}.`);
  const argv = psqlArguments(member.port, options.database, args);
  return attach(member, argv, {
    tty: typed,
    stdin: true,
    timeoutSeconds: typed ? undefined : options.timeout,
    // The container's home is the data volume: no history, which may hold passwords, goes there.
    env: ["PSQL_HISTORY=/dev/null", "PGAPPNAME=ops psql", "PGCONNECT_TIMEOUT=10", ...terminal()],
  });
}

function terminal(): string[] {
  return process.env.TERM === undefined ? [] : [`TERM=${process.env.TERM}`];
}

/** The command line of psql; pure. */
export function psqlArguments(port: number, database: string, args: readonly string[]): string[] {
  const where = ["--host", SOCKET_DIR, "--port", String(port), "--username", "postgres"];
  return ["psql", ...where, "--dbname", database, ...args];
}
