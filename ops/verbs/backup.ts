/** `backup`: makes one now, or lists those that are there. */
import { type Command, Option } from "commander";
import { ControlError } from "../../control/errors";
import { type BackRest, stanzaInfo } from "../../control/pgbackrest";
import { type BackupDetails, formatBackups } from "../backup/format";
import type { Ops, Run } from "../ops";
import type { StackOutputs } from "../stack/outputs";
import { attach } from "../terminal/attach";
import { timeLimit } from "./switchover";

interface Options {
  readonly type: "full" | "diff" | "incr";
  readonly list?: boolean;
  readonly timeout: number;
}

/** pgBackRest's exit code when another one holds the stanza's lock. */
const LOCKED = 50;

/** Adds the verb. */
export function addBackup(program: Command, run: Run): void {
  const type = new Option("--type <type>", "what to back up").choices(["full", "diff", "incr"]);
  program
    .command("backup")
    .description("make a backup now and watch it, or list the backups")
    .addOption(type.default("incr"))
    .option("--list", "list the backups instead")
    .option("--timeout <seconds>", "end it after this long", timeLimit, 86_400)
    .action((options: Options) => run((ops) => (options.list ? list(ops) : backup(ops, options))));
}

/** Where backups are made; throws when the cluster has no repository. Pure. */
export function repositoryOf({ clusterName, operations, backup: output }: StackOutputs): BackRest {
  const { repository } = operations;
  if (repository !== null && output.stanza !== null) return { repository, stanza: output.stanza };
  throw new ControlError({
    doing: "work with backups",
    where: `cluster ${clusterName}`,
    found: "it has no backup repository",
    remedy: "Give a host the part `backup` (runs: [..., backup]) and run `up`.",
  });
}

async function list(ops: Ops): Promise<number> {
  const backups = await backupsOf(repositoryOf(await ops.outputs()));
  ops.out(ops.json ? JSON.stringify(backups, null, 2) : formatBackups(backups));
  return 0;
}

async function backupsOf(where: BackRest): Promise<readonly BackupDetails[]> {
  const info = await stanzaInfo(where);
  if (info !== undefined) return info.backup;
  throw new ControlError({
    doing: "list the backups",
    where: `container ${where.repository.container}`,
    found: `the repository does not know the stanza ${where.stanza}`,
    remedy: "`up` creates it; then try again.",
  });
}

async function backup(ops: Ops, options: Options): Promise<number> {
  const where = repositoryOf(await ops.outputs());
  const before = (await backupsOf(where)).at(-1)?.label;
  const argv = backupArguments(where.stanza, options.type);
  ops.note(`Backing up stanza ${where.stanza} (${options.type}) ...`);
  const code = await attach(where.repository, argv, {
    tty: false,
    stdin: false,
    timeoutSeconds: options.timeout,
    stdout: process.stderr,
  });
  if (code !== 0) throw failed(where, code);
  const made = (await backupsOf(where)).filter(({ label }) => label !== before).at(-1);
  if (made === undefined) throw failed(where, code);
  ops.out(ops.json ? JSON.stringify(made, null, 2) : formatBackups([made]));
  return 0;
}

/** The command line of pgBackRest; pure. */
export function backupArguments(stanza: string, type: Options["type"]): string[] {
  const progress = ["--log-level-console=info", "--log-timestamp"];
  return ["pgbackrest", `--stanza=${stanza}`, `--type=${type}`, ...progress, "backup"];
}

function failed({ repository }: BackRest, code: number): ControlError {
  const locked = code === LOCKED;
  return new ControlError({
    doing: "make a backup",
    where: `container ${repository.container}`,
    found: locked ? "another backup runs" : `pgBackRest ended with ${code}; its words are above`,
    remedy: locked ? "Wait for it: ops -- backup --list" : "Correct what it names and try again.",
  });
}
