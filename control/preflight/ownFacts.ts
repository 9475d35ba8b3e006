/** What a host is asked beside its engine: by its files here, or by `ssh`. */
import { readFile, stat, statfs } from "node:fs/promises";
import type { HostAccess } from "../../model/access";
import type { ExecResult } from "../exec";
import { sshExec } from "../sshExec";
import { asDirectory, parseDf, type Directory, type Disk } from "./disk";
import { parseSocketTable, parseSocketTables, SOCKET_TABLES, type BoundSocket } from "./sockets";

/** What the engine of a host cannot tell. */
export interface OwnFacts {
  /** Undefined where the tables cannot be read, as with an engine in a virtual machine. */
  readonly sockets?: readonly BoundSocket[] | undefined;
  /** File systems of the engine's data and of `dataPath`, where they can be seen. */
  readonly disks: readonly Disk[];
  /** `missing`, or what lies at `dataPath`; undefined without one, or where it cannot be seen. */
  readonly dataPath?: Directory | "missing" | undefined;
}

/** By the files of this machine; an engine in a virtual machine has none of them here. */
export async function localFacts(
  _: HostAccess,
  dataRoot: string,
  dataPath: string | undefined,
): Promise<OwnFacts> {
  const tables = await Promise.all(
    SOCKET_TABLES.map(async (file) => {
      const text = await ifThere(readFile(file, "utf8"));
      return text === undefined
        ? undefined
        : parseSocketTable(file.includes("udp") ? "udp" : "tcp", text);
    }),
  );
  const known = tables.filter((table) => table !== undefined);
  const paths = dataPath === undefined ? [dataRoot] : [dataRoot, dataPath];
  const disks = await Promise.all(paths.map(localDisk));
  return {
    sockets: known.length === 0 ? undefined : known.flat(),
    disks: disks.filter((disk) => disk !== undefined),
    ...(dataPath === undefined ? {} : { dataPath: await localDirectory(dataPath) }),
  };
}

async function localDisk(path: string): Promise<Disk | undefined> {
  const seen = await ifThere(statfs(path));
  if (seen === undefined) return undefined;
  return { path, freeBytes: seen.bavail * seen.bsize, sizeBytes: seen.blocks * seen.bsize };
}

async function localDirectory(path: string): Promise<Directory | "missing" | undefined> {
  try {
    const [seen, root] = await Promise.all([stat(path), stat("/")]);
    return { ...asDirectory(seen.mode), onRoot: seen.dev === root.dev };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return "missing";
    if (code === "EACCES") return undefined;
    throw error;
  }
}

/** The value, or undefined when the file is not there. */
async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** By `grep`, `df` and `stat` on the host itself. */
export async function remoteFacts(
  host: HostAccess,
  dataRoot: string,
  dataPath: string | undefined,
): Promise<OwnFacts> {
  const paths = dataPath === undefined ? [dataRoot] : [dataRoot, dataPath];
  const [tables, df, seen] = await Promise.all([
    // A table that is not there (no IPv6) is passed over: `-s`.
    sshExec(host, ["grep", "-sH", ":", ...SOCKET_TABLES]),
    sshExec(host, ["df", "-Pk", "--", ...paths]),
    dataPath === undefined
      ? undefined
      : sshExec(host, ["env", "LC_ALL=C", "stat", "-L", "-c", "%f %d", "--", dataPath, "/"]),
  ]);
  return {
    sockets: tables.stdout.trim() === "" ? undefined : parseSocketTables(tables.stdout),
    disks: parseDf(df.stdout, paths),
    ...(seen === undefined ? {} : { dataPath: remoteDirectory(seen) }),
  };
}

/** Two lines of `stat`, of `dataPath` and of `/`; only the second one where the first cannot be seen. */
function remoteDirectory({ stdout, stderr }: ExecResult): Directory | "missing" | undefined {
  const [first = "", root] = stdout.trim().split("\n");
  if (root === undefined) return stderr.includes("Permission denied") ? undefined : "missing";
  const [mode = "", device] = first.split(" ");
  return {
    ...asDirectory(Number.parseInt(mode, 16)),
    onRoot: device === root.split(" ")[1],
  };
}
