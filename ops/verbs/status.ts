/** `status`: how the cluster is. */
import type { Command } from "commander";
import { describe } from "../../control/errors";
import { verdictCode } from "../exitCode";
import type { Ops, Run } from "../ops";
import type { StackOutputs } from "../stack/outputs";
import { findStatus } from "../status/find";
import { formatStatus } from "../status/format";
import { judge } from "../status/judge";
import type { Status } from "../status/types";
import { timestamp } from "../table";
import { watch } from "../terminal/watch";
import { timeLimit } from "./switchover";

interface Options {
  /** Seconds between two looks; true: the default. */
  readonly watch?: number | true;
}

const WATCH_SECONDS = 5;

/** Adds the verb. */
export function addStatus(program: Command, run: Run): void {
  program
    .command("status")
    .description(
      "hosts, members, endpoints, Consul, pools, backups; exit code 0 healthy, 1 degraded, 2 down",
    )
    .option(
      "-w, --watch [seconds]",
      `look again every so often (${WATCH_SECONDS} s unless given) until Ctrl-C`,
      timeLimit,
    )
    .action((options: Options) => run((ops) => status(ops, options)));
}

async function status(ops: Ops, options: Options): Promise<number> {
  try {
    const outputs = await ops.outputs();
    if (options.watch !== undefined) return await live(ops, outputs, options.watch);
    const found = judge(await findStatus(outputs));
    ops.out(ops.json ? JSON.stringify(found, null, 2) : formatStatus(found, Date.now() / 1000));
    return verdictCode(found.verdict);
  } catch (error) {
    // Without outputs nothing is known: for what watches the cluster that is "not reachable".
    if (ops.json)
      ops.out(JSON.stringify({ verdict: "down", problems: [describe(error)] }, null, 2));
    ops.note(describe(error));
    return verdictCode("down");
  }
}

function live(ops: Ops, outputs: StackOutputs, every: number | true): Promise<never> {
  return watch(
    every === true ? WATCH_SECONDS : every,
    (text) => ops.out(text),
    async () => {
      const found = judge(await findStatus(outputs));
      return ops.json ? JSON.stringify(found) : liveText(found, Date.now() / 1000);
    },
  );
}

/** The report with its time at the top; `now` is Unix seconds. Pure. */
function liveText(found: Status, now: number): string {
  return `${timestamp(now)}\n${formatStatus(found, now)}\n`;
}
