/** Where known_hosts files and the sockets of shared connections lie while the process lives. */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Longest name of the folder for temporary files: the name of a socket has 103 characters at most
 * on every system, and ours adds `/pgha-PID-XXXXXX/NAME` and ssh 17 of its own while it makes one.
 */
const LONGEST = 103 - 17 - "/pgha-4194304-XXXXXX/".length - 16;

let made: string | undefined;

/**
 * Folder in which the private one is made: the system's, or /tmp where a socket's name would become
 * too long, or would need quoting in ssh's options.
 */
export function socketBase(temporary: string): string {
  return temporary.length <= LONGEST && /^[A-Za-z0-9/._+-]+$/.test(temporary) ? temporary : "/tmp";
}

/** A folder of this process alone: mode 0700, removed at exit. Sockets in it have names of 16 characters at most. */
export function privateDirectory(): string {
  if (made === undefined) {
    const base = socketBase(tmpdir());
    sweep(base);
    const directory = mkdtempSync(join(base, `pgha-${process.pid}-`));
    process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
    made = directory;
  }
  return made;
}

const OLD_MS = 24 * 3_600_000;

/**
 * Removes what processes have left that were killed: the engine ends a plugin so, when it has no more
 * work for it. None of a process that lives, and none that is new: it may be of another machine's
 * processes, on a folder that both have. What cannot be looked at or removed is in nobody's way.
 */
export function sweep(base: string): void {
  for (const path of leftIn(base)) {
    try {
      const seen = lstatSync(path);
      const mine = seen.isDirectory() && seen.uid === process.getuid?.();
      if (mine && Date.now() - seen.mtimeMs > OLD_MS)
        rmSync(path, { recursive: true, force: true });
    } catch {
      continue;
    }
  }
}

/** Folders with the name of a process that is gone. */
function leftIn(base: string): string[] {
  try {
    return readdirSync(base)
      .filter((name) => {
        const pid = /^pgha-(\d+)-[A-Za-z0-9]{6}$/.exec(name)?.[1];
        return pid !== undefined && !lives(Number(pid));
      })
      .map((name) => join(base, name));
  } catch {
    return [];
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
