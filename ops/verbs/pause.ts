/** `pause` and `resume`: Patroni's maintenance mode on and off. */
import type { Command } from "commander";
import { setPause } from "../../control/maintenance";
import { clusterView } from "../../control/patroni";
import type { Ops, Run } from "../ops";
import { reachableMembers } from "../stack/reachable";
import { confirm } from "../terminal/ask";
import { timeLimit } from "./switchover";

interface Options {
  readonly timeout: number;
}

/** Adds `pause`. */
export function addPause(program: Command, run: Run): void {
  program
    .command("pause")
    .description("stop automatic failover until `resume`: nothing replaces a leader that fails")
    .option("--timeout <seconds>", "give up after this long", timeLimit, 60)
    .action((options: Options) => run((ops) => setMode(ops, true, options)));
}

/** Adds `resume`. */
export function addResume(program: Command, run: Run): void {
  program
    .command("resume")
    .description("end what `pause` began: members fail over again")
    .option("--timeout <seconds>", "give up after this long", timeLimit, 60)
    .action((options: Options) => run((ops) => setMode(ops, false, options)));
}

async function setMode(ops: Ops, paused: boolean, options: Options): Promise<number> {
  const outputs = await ops.outputs();
  const members = await reachableMembers(outputs, (text) => ops.note(text));
  const was = (await clusterView(members)).pause === true;
  if (was !== paused) {
    if (paused) await confirm(ops.yes, pauseQuestion(outputs.clusterName));
    await setPause(members, paused, options.timeout * 1000);
  }
  if (ops.json) ops.out(JSON.stringify({ paused, changed: was !== paused }));
  else ops.out(modeText(outputs.clusterName, paused, was !== paused));
  return 0;
}

function pauseQuestion(cluster: string): string {
  return `Nothing in cluster ${cluster} will fail over until \`ops -- resume\`: a leader that fails stays away, and rolling changes of \`up\` are refused`;
}

/** What was done, in words; pure. */
export function modeText(cluster: string, paused: boolean, changed: boolean): string {
  const mode = paused ? "paused: NOTHING FAILS OVER until `ops -- resume`" : "not paused";
  return `Cluster ${cluster} is ${mode}.${changed ? "" : " It was so already."}`;
}
