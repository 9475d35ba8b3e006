import { readFileSync } from "node:fs";
import { withDescendants } from "../harness/census";
import { killAll } from "../harness/processes";

/**
 * Kills a process and all that it has started, plugins in groups of their own included, at one moment:
 * none of them sees another one end. What was handed to init before (a shared ssh connection) stays.
 *
 * @returns the names of the programs that were killed.
 */
export async function killTree(pid: number): Promise<string[]> {
  const all = new Set<number>();
  // Frozen first, until there is none that could start another one.
  for (let fresh = withDescendants(pid); fresh.length > 0;) {
    for (const one of fresh) {
      all.add(one);
      signal(one, "SIGSTOP");
    }
    fresh = withDescendants(pid).filter((one) => !all.has(one));
  }
  const names = [...all].map(nameOf);
  for (const one of all) signal(one, "SIGKILL");
  await killAll("the killed command", () => [...all].filter(isAlive));
  return names;
}

function signal(pid: number, name: "SIGSTOP" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function stat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return ""; // it has ended
  }
}

function nameOf(pid: number): string {
  return /\((.*)\)/.exec(stat(pid))?.[1] ?? "?";
}

/** A dead one that nobody has reaped yet has ended. */
function isAlive(pid: number): boolean {
  const text = stat(pid);
  return text !== "" && !/\) [ZX] /.test(text);
}
