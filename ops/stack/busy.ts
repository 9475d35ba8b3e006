/** Whether an `up` or another command of Pulumi is at work on the stack: two hands would fight. */
import { ControlError } from "../../control/errors";
import { root } from "../../setup/paths";
import { atWork } from "../../setup/recover";
import { readProject } from "../../setup/stackCopy";

/** Throws while a command holds the stack; knows of the project's own backend only. */
export function refuseBusy(stack: string, doing: string): void {
  const busy = atWork(readProject(root).name, stack);
  if (busy.length === 0) return;
  throw new ControlError({
    doing,
    where: `stack ${stack}`,
    found: `a command is at work on it: ${busy.join(", ")}`,
    remedy: "Nothing was done. Wait for its end, and run this again.",
  });
}
