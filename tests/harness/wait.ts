import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks until the probe gives something other than undefined, and returns it; an error of the probe
 * counts as "not yet".
 *
 * @throws at the deadline, with what was found last.
 */
export async function eventually<T>(
  what: string,
  seconds: number,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let found = "nothing";
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
      found = "not so";
    } catch (error) {
      found = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s; last seen: ${found}`);
    await pause(200);
  }
}

/** The same for a list of what is still wrong: waits until it is empty. */
export async function untilNothing(
  what: string,
  seconds: number,
  problems: () => Promise<string[]>,
): Promise<void> {
  await eventually(what, seconds, async () => {
    const left = await problems();
    if (left.length > 0) throw new Error(left.join("; "));
    return true;
  });
}
