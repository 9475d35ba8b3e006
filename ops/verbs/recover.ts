/** `recover`: clears what an `up` that was killed left behind. */
import type { Command } from "commander";
import { root } from "../../setup/paths";
import { recover as recoverState } from "../../setup/recover";
import { readProject } from "../../setup/stackCopy";
import type { Ops, Run } from "../ops";
import { membersLeft, type Recovered, resumePools, startStopped } from "../recover/cluster";
import { refuseBusy } from "../stack/busy";
import { deadHosts, withoutHosts } from "../stack/reachable";
import { confirm } from "../terminal/ask";

/** Adds the verb. */
export function addRecover(program: Command, run: Run): void {
  program
    .command("recover")
    .description("clear what an `up` that was killed left: locks, paused pools, stopped containers")
    .action(() => run(recover));
}

async function recover(ops: Ops): Promise<number> {
  // A pause of the pools, or a container that is stopped, may be part of its work.
  refuseBusy(ops.stack, "recover");
  const cleared = await recoverState(readProject(root).name, ops.stack, (containers) => {
    const names = containers.map(({ container }) => container).join(", ");
    return confirm(ops.yes, `Half-made containers are removed, and made anew by \`up\`: ${names}`);
  });
  const outputs = await ops.outputs();
  const near = withoutHosts(outputs, await deadHosts(outputs, (text) => ops.note(text)));
  const results: Recovered[] = [];
  // Pools are told apart only where their containers run: these first.
  for (const step of [startStopped, resumePools]) {
    const result = await step(near);
    result.done.forEach((sentence) => ops.note(sentence));
    results.push(result);
  }
  const done = [...cleared, ...results.flatMap((result) => result.done)];
  const left = [...results.flatMap((result) => result.left), ...(await membersLeft(near))];
  if (ops.json) ops.out(JSON.stringify({ done, left }, null, 2));
  else ops.out(summary(done, left));
  return 0;
}

/** What was done and what is left, in words; pure. */
export function summary(done: readonly string[], left: readonly string[]): string {
  const head =
    done.length === 0
      ? "nothing to recover"
      : `${done.length === 1 ? "1 thing" : `${done.length} things`} recovered; \`up\` does the rest.`;
  return [head, ...left.map((sentence) => `  * ${sentence}`)].join("\n");
}
