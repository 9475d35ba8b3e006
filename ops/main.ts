/** `npm run --silent ops -- [--stack S] VERB ...`: what people do to a live cluster. */
import { Command, CommanderError } from "commander";
import { defaultStack } from "../setup/pulumi";
import { describe } from "../control/errors";
import { EXIT } from "./exitCode";
import { type GlobalOptions, makeOps, type Run } from "./ops";
import { addBackup } from "./verbs/backup";
import { addConsul } from "./verbs/consul";
import { addExportKeys } from "./verbs/exportKeys";
import { addFailover } from "./verbs/failover";
import { addFirewall } from "./verbs/firewall";
import { addLogs } from "./verbs/logs";
import { addMaintenance } from "./verbs/maintenance";
import { addPause, addResume } from "./verbs/pause";
import { addPsql } from "./verbs/psql";
import { addRecover } from "./verbs/recover";
import { addShowKeys } from "./verbs/showKeys";
import { addStatus } from "./verbs/status";
import { addSwitchover } from "./verbs/switchover";

const VERBS = [
  addStatus,
  addSwitchover,
  addFailover,
  addPause,
  addResume,
  addMaintenance,
  addRecover,
  addPsql,
  addLogs,
  addFirewall,
  addBackup,
  addExportKeys,
  addShowKeys,
  addConsul,
];

/** The command line; every verb hands its work to `run`. */
export function buildProgram(makeRun: (program: Command) => Run): Command {
  const program = new Command("ops")
    .usage("[--stack S] VERB [options]")
    .description("Look after a running cluster.")
    .option("-s, --stack <name>", "stack of the cluster", defaultStack())
    .option("--json", "print JSON instead of text")
    .option("-y, --yes", "ask nothing")
    .exitOverride()
    .showHelpAfterError("(npm run --silent ops -- --help lists the verbs)");
  const run = makeRun(program);
  for (const add of VERBS) add(program, run);
  return program;
}

/** Runs one verb and returns its exit code; called by setup. */
export async function main(args: string[]): Promise<number> {
  let code: number = EXIT.ok;
  process.stdout.on("error", endWithReader);
  const program = buildProgram((top) => async (work) => {
    code = await work(makeOps(top.opts<GlobalOptions>()));
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    process.stderr.write(`${describe(error)}\n`);
    return EXIT.failed;
  }
}

/** `ops -- logs | head`: a reader that went away is an end, not a failure. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  throw error;
}
