/** Where known_hosts files and the sockets of shared connections lie while the process lives. */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
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

const OLD_MS = 3_600_000;

/**
 * Removes what processes have left that were killed: the engine ends a plugin so, when it has no more
 * work for it. None of a process that lives, and none that is new: it may be of another machine's
 * processes, on a folder that both have.
 */
export function sweep(base: string): void {
  for (const name of readdirSync(base)) {
    const pid = /^pgha-(\d+)-[A-Za-z0-9]{6}$/.exec(name)?.[1];
    if (pid === undefined || lives(Number(pid))) continue;
    const path = join(base, name);
    const { uid, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
    const mine = uid === process.getuid?.();
    if (mine && mtimeMs !== undefined && Date.now() - mtimeMs > OLD_MS)
      rmSync(path, { recursive: true, force: true });
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
