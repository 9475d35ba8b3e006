/** `failover`: makes a member lead where nobody does. May lose writes, so it asks. */
import type { Command } from "commander";
import { failover as failOver, positions } from "../../control/failover";
import { clusterView } from "../../control/patroni";
import { checkFailover, failoverWarnings, positionTable } from "../failover/judge";
import type { Ops, Run } from "../ops";
import { memberNamed } from "../stack/containers";
import { reachableMembers } from "../stack/reachable";
import { confirm } from "../terminal/ask";
import { timeLimit } from "./switchover";

interface Options {
  readonly candidate: string;
  readonly timeout: number;
}

const ASK_MS = 5_000;

/** Adds the verb. */
export function addFailover(program: Command, run: Run): void {
  program
    .command("failover")
    .description("make a member lead a cluster that has no leader; may lose writes")
    .requiredOption("--candidate <member>", "who shall lead")
    .option("--timeout <seconds>", "give up after this long", timeLimit, 90)
    .action((options: Options) => run((ops) => failover(ops, options)));
}

async function failover(ops: Ops, options: Options): Promise<number> {
  const outputs = await ops.outputs();
  const candidate = memberNamed(outputs, options.candidate);
  const members = await reachableMembers(outputs, (text) => ops.note(text));
  const [view, found] = await Promise.all([clusterView(members), positions(members, ASK_MS)]);
  checkFailover(view, found, candidate.name);
  ops.note(positionTable(view, found));
  for (const warning of failoverWarnings(view, found, candidate.name)) ops.note(`! ${warning}`);
  await confirm(ops.yes, `${candidate.name} will lead cluster ${outputs.clusterName}`);
  ops.note(`Making ${candidate.name} the leader ...`);
  const started = Date.now();
  await failOver(members, candidate, options.timeout * 1000);
  const seconds = Math.round((Date.now() - started) / 100) / 10;
  if (ops.json) ops.out(JSON.stringify({ leader: candidate.name, seconds }));
  else ops.out(`${candidate.name} leads. It took ${seconds} s. See how the others follow: status`);
  return 0;
}
