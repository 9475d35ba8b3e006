import { setTimeout as pause } from "node:timers/promises";
import type { LongRun } from "../../harness/longRun";
import type { Tree } from "../../harness/stackFile";
import { beginUp } from "./commands";
import { killTree } from "./killTree";

/**
 * Begins an `up` and kills it with its plugins (`kill -9`), some time after a moment in it.
 *
 * @param patch of the config, which stays.
 * @param reached settles at the moment.
 * @param afterMs from the moment to the kill.
 * @returns the names of the programs that were killed.
 * @throws where it ended before.
 */
export async function killedUp(
  patch: Tree,
  reached: (running: LongRun) => Promise<unknown>,
  afterMs: number,
): Promise<string[]> {
  const running = beginUp(patch, { timeoutMs: 600_000 });
  const early = running.ended.then(({ code }) => {
    throw new Error(`up ended with ${code} before it was killed:\n${running.tail()}`);
  });
  early.catch(() => undefined); // told by the race; later its end is what is wanted
  await Promise.race([reached(running), early]);
  await pause(afterMs); // a moment is what is tested
  const killed = await killTree(running.child.pid ?? 0);
  const { code } = await running.ended;
  if (code === 0) throw new Error("up ended well though it was killed");
  if (!killed.some((program) => program.startsWith("pulumi")))
    throw new Error(`no pulumi among what was killed: ${killed.join(", ")}`);
  return killed;
}
