/** Where known_hosts files and the sockets of shared connections lie while the process lives. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Longest name of the folder for temporary files: the name of a socket has 103 characters at most
 * on every system, and ours adds `/pgha-XXXXXX/NAME` and ssh 17 of its own while it makes one.
 */
const LONGEST = 103 - 17 - "/pgha-XXXXXX/".length - 16;

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
    const directory = mkdtempSync(join(socketBase(tmpdir()), "pgha-"));
    process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
    made = directory;
  }
  return made;
}
