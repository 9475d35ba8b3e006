/** Parts that the program declares and this very `up` makes later: no gate can wait for them. */
import type { ContainerAccess } from "../model/access";
import { containerKey, containerState } from "../control/docker";

/**
 * Those of `now` that a gate waits for: all that were recorded before, and whatever else has a
 * container by now. One that is missing though it was recorded is waited for, as it counted until then.
 */
export async function alreadyMade<T extends ContainerAccess>(
  recorded: readonly ContainerAccess[],
  now: readonly T[],
): Promise<T[]> {
  const old = new Set(recorded.map(containerKey));
  const made = await Promise.all(
    now.map(async (part) => old.has(containerKey(part)) || (await containerState(part)).exists),
  );
  return now.filter((_, index) => made[index]);
}
