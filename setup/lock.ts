import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";

/** Who holds a lock. */
export interface Owner {
  pid: number;
  host: string;
  /** When the process started, in the kernel's ticks; empty where /proc does not tell. */
  started: string;
}

/** What tells a process apart from a later one with the same number. */
export function startedAt(pid: number): string {
  return fields(pid)[19] ?? "";
}

/** True when a lock's owner is gone, so that the lock may be taken over. */
export function isStale(owner: Owner | undefined): boolean {
  if (!owner) return true;
  // Another machine's process (a shared home directory) cannot be looked at: believed.
  if (owner.host !== hostname()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return true;
  }
  return isZombie(owner.pid) || (owner.started !== "" && startedAt(owner.pid) !== owner.started);
}

// In a container a dead process may stay listed for good: nobody reaps it.
function isZombie(pid: number): boolean {
  return fields(pid)[0] === "Z";
}

/** What the kernel tells of a process, from its state on; empty without /proc (macOS). */
function fields(pid: number): string[] {
  try {
    // The name before may hold spaces and brackets and ends at the last bracket.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    // No /proc or no such process: the number alone has to do.
    return [];
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    // Locks appear whole (by link), so one that does not parse is nobody's.
    return undefined;
  }
}

/** Takes the lock if it is free or its owner is gone. Returns the release, or else who holds it. */
export function tryLock(path: string): (() => void) | Owner {
  mkdirSync(dirname(path), { recursive: true });
  const mine = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    started: startedAt(process.pid),
  });
  const own = `${path}.${process.pid}`;
  writeFileSync(own, mine);
  try {
    for (;;) {
      try {
        linkSync(own, path); // appears whole or not at all
        return () => {
          if (read(path) === mine) rmSync(path, { force: true });
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const seen = read(path);
      if (seen === undefined) continue;
      const owner = parse(seen);
      if (owner && !isStale(owner)) return owner;
      takeAway(path, seen);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

// Between reading a stale lock and removing it another process may have taken it over: move it
// aside first, look at what was moved, and put it back if it is not the stale one.
function takeAway(path: string, stale: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (read(aside) !== stale) linkSync(aside, path);
  rmSync(aside, { force: true });
}

/** Waits for the lock, saying once whom it waits for, and runs the work under it. */
export async function withLock<T>(
  path: string,
  waiting: (owner: Owner) => void,
  work: () => Promise<T>,
): Promise<T> {
  let release = tryLock(path);
  for (let told = false; typeof release !== "function"; release = tryLock(path)) {
    if (!told) waiting(release);
    told = true;
    await new Promise((done) => setTimeout(done, 500));
  }
  const held = release;
  process.on("exit", held);
  try {
    return await work();
  } finally {
    held();
    process.off("exit", held);
  }
}
