/** `switchover`: moves leadership to another member, on purpose and in order. */
import { type Command, InvalidArgumentError } from "commander";
import { ControlError } from "../../control/errors";
import {
  chooseCandidate,
  isStreaming,
  moveLeadership,
  refusePaused,
  viewText,
} from "../../control/leadership";
import { type ClusterView, clusterView, leaderOf } from "../../control/patroni";
import { MAXIMUM_LAG_BYTES } from "../../model/render/dynamicConfig";
import { seconds } from "../deadline";
import type { Ops, Run } from "../ops";
import { memberNamed } from "../stack/containers";
import { confirm } from "../terminal/ask";

interface Options {
  readonly to?: string;
  readonly timeout: number;
}

/** Adds the verb. */
export function addSwitchover(program: Command, run: Run): void {
  program
    .command("switchover")
    .description("move leadership to another member; pooled clients wait, others reconnect")
    .option("--to <member>", "who shall lead; a synchronous standby unless told")
    .option("--timeout <seconds>", "give up after this long", timeLimit, 60)
    .action((options: Options) => run((ops) => switchover(ops, options)));
}

/** A number of seconds, as an option. */
export function timeLimit(text: string): number {
  try {
    return seconds(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

async function switchover(ops: Ops, options: Options): Promise<number> {
  const outputs = await ops.outputs();
  const { members } = outputs.operations;
  const wanted = options.to === undefined ? undefined : memberNamed(outputs, options.to).name;
  const view = await clusterView(members);
  refusePaused(view, "switch over");
  const { from, to } = chooseMove(
    view,
    members.map(({ name }) => name),
    wanted,
  );
  if (from === to) {
    report(ops, { from, to, seconds: 0 });
    return 0;
  }
  await confirm(
    ops.yes,
    `Leadership of cluster ${outputs.clusterName} moves from ${from} to ${to}`,
  );
  ops.note(`Moving leadership from ${from} to ${to} ...`);
  const started = Date.now();
  const limits = {
    timeoutMs: options.timeout * 1000,
    maximumLag: MAXIMUM_LAG_BYTES,
    to,
    front: outputs.operations,
    note: (text: string) => ops.note(text),
  };
  const leader = await moveLeadership(members, from, limits);
  report(ops, { from, to: leader, seconds: Math.round((Date.now() - started) / 100) / 10 });
  return 0;
}

/** Who leads and who shall; throws when nobody leads or the wanted one cannot. Pure. */
export function chooseMove(
  view: ClusterView,
  names: readonly string[],
  wanted: string | undefined,
): { from: string; to: string } {
  const problem = (found: string): ControlError =>
    new ControlError({
      doing: "switch over",
      where: `cluster ${view.scope ?? ""}`,
      found: `${found} [${viewText(view)}]`,
      remedy: "Nothing was done. See `ops -- status` and `ops -- logs postgres`.",
    });
  const from = leaderOf(view)?.name;
  if (from === undefined) throw problem("there is no leader to take leadership from");
  if (wanted === from) return { from, to: from };
  const to = wanted ?? chooseCandidate(view, from, names);
  const seen = view.members.find(({ name }) => name === to);
  if (to === undefined || seen === undefined) throw problem("no replica that streams could lead");
  if (!isStreaming(seen, MAXIMUM_LAG_BYTES)) throw problem(`${to} does not stream close behind`);
  return { from, to };
}

function report(ops: Ops, moved: { from: string; to: string; seconds: number }): void {
  if (ops.json) ops.out(JSON.stringify(moved));
  else if (moved.from === moved.to) ops.out(`${moved.to} leads already: nothing to do.`);
  else {
    ops.out(`${moved.to} leads; ${moved.from} streams from it. It took ${moved.seconds} s.`);
  }
}
