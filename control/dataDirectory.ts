/**
 * Directories on a host's chosen disk (`dataPath`), made and asked about through containers: the
 * operator may have no other way to act as root there. They are never started to do so, since the
 * archive API writes into what a container would see. Beside each directory lies a file with the
 * mark of its cluster, as the disk outlives the engine and its volumes.
 */
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { extract, pack, type Header } from "tar-stream";
import type { ContainerAccess, HostAccess } from "../model/access";
import type { DataDirectory } from "../model/hostResources";
import { gather } from "./archive";
import { dockerClient, dockerFailure, dockerStatus } from "./docker";
import { ControlError, UnreachableError, describe, excerpt } from "./errors";
import { FrameDecoder } from "./frames";
import { createTask, removeTask } from "./task";

const DISK = "/disk";
const REMOVAL_MS = 600_000;

/** A data directory of a volume on a host. */
export interface DirectoryAccess {
  readonly host: HostAccess;
  /** Name of the volume and of the directory. */
  readonly name: string;
  readonly directory: DataDirectory;
}

/** What lies there. */
export interface DirectorySeen {
  /** Mark of the cluster that it belongs to. */
  readonly mark?: string | undefined;
  /** Undefined when there is no such directory. */
  readonly found?: { readonly uid: number; readonly empty: boolean } | undefined;
}

/** Looks at a directory and its mark; throws where `dataPath` itself is missing. */
export function seeDirectory(access: DirectoryAccess): Promise<DirectorySeen> {
  return withDisk(access, [], async (task) => {
    const [mark, entries] = await Promise.all([
      entriesOf(task, markFile(access), 1),
      entriesOf(task, `${DISK}/${access.name}`, 2),
    ]);
    const [first] = entries ?? [];
    return {
      mark: mark?.[0]?.content.trim(),
      found: first && { uid: first.header.uid ?? 0, empty: entries?.length === 1 },
    };
  });
}

/** Writes the mark, and the directory where `make` says so: owner as declared, mode 0700. */
export function claimDirectory(
  access: DirectoryAccess,
  owner: string,
  make: boolean,
): Promise<void> {
  return withDisk(access, [], async (task) => {
    const { uid } = access.directory;
    const tar = pack();
    const mtime = new Date();
    tar.entry({ name: `${access.name}.owner`, mode: 0o644, uid: 0, gid: 0, mtime }, `${owner}\n`);
    if (make)
      tar.entry({ name: access.name, type: "directory", mode: 0o700, uid, gid: uid, mtime });
    tar.finalize();
    const body = await gather(tar);
    try {
      await dockerClient(task.host).getContainer(task.container).putArchive(body, { path: DISK });
    } catch (error) {
      throw dockerFailure(`make ${pathOf(access)}`, task, error);
    }
  });
}

/** Removes a directory, then its mark: an interrupted removal is still known for ours. */
export function removeDirectory(access: DirectoryAccess): Promise<void> {
  const argv = ["rm", "-rf", "--", `${DISK}/${access.name}`, markFile(access)];
  return withDisk(access, argv, async (task) => {
    const container = dockerClient(task.host).getContainer(task.container);
    try {
      await container.start();
      const abortSignal = AbortSignal.timeout(REMOVAL_MS);
      const { StatusCode: code } = (await container.wait({ abortSignal })) as {
        StatusCode: number;
      };
      if (code === 0) return;
      const log = FrameDecoder.split(await container.logs({ stderr: true, tail: 20 }));
      throw removalFailure(access, `exit code ${code}: ${excerpt(log.stderr)}`);
    } catch (error) {
      throw dockerFailure(`remove ${pathOf(access)}`, task, error);
    }
  });
}

/** Absolute path of a data directory on its host. */
export function pathOf({ directory, name }: DirectoryAccess): string {
  return `${directory.path}/${name}`;
}

function markFile({ name }: DirectoryAccess): string {
  return `${DISK}/${name}.owner`;
}

function removalFailure(access: DirectoryAccess, found: string): UnreachableError {
  return new UnreachableError({
    doing: "remove a data directory",
    where: `${pathOf(access)} on host ${access.host.name}`,
    found,
    remedy: "Repair what is in the way and run the same command again.",
  });
}

/** Works with a container that sees the disk; nothing of the container stays. */
async function withDisk<T>(
  access: DirectoryAccess,
  argv: readonly string[],
  work: (task: ContainerAccess) => Promise<T>,
): Promise<T> {
  const task = { host: access.host, container: `${access.name}-claim` };
  try {
    await createTask(task, taskOptions(access.directory, argv));
  } catch (error) {
    throw missing(access, error) ?? error;
  }
  try {
    return await work(task);
  } finally {
    await removeTask(task);
  }
}

function taskOptions(
  { path, image }: DataDirectory,
  argv: readonly string[],
): Docker.ContainerCreateOptions {
  return {
    Image: image,
    Cmd: argv.length === 0 ? ["none"] : [...argv],
    User: "0:0",
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      // A bind by `Mounts` refuses a missing path; one by `Binds` would make it on the wrong disk.
      Mounts: [{ Type: "bind", Source: path, Target: DISK }],
      NetworkMode: "none",
      CapDrop: ["ALL"],
      CapAdd: ["DAC_OVERRIDE", "FOWNER"],
      SecurityOpt: ["no-new-privileges:true"],
    },
  };
}

/** The disk, or the image to reach it by, is not there. */
export class NoDiskError extends ControlError {}

/** The engine refuses a bind of a missing path with 400, and a missing image with 404. */
function missing(access: DirectoryAccess, error: unknown): NoDiskError | undefined {
  const { path, image } = access.directory;
  const status = dockerStatus((error as Error).cause);
  if (status !== 400 && status !== 404) return undefined;
  const remedy =
    status === 404
      ? `Put image ${image} on the host.`
      : `Mount the disk there and make the folder: sudo install -d -m 0755 ${path}`;
  const where = `dataPath ${path} on host ${access.host.name}`;
  const found = describe((error as Error).cause);
  return new NoDiskError({ doing: "reach the chosen disk", where, found, remedy }, error);
}

interface Entry {
  readonly header: Header;
  /** Of a file of some hundred bytes; what is larger is cut. */
  readonly content: string;
}

/** The first entries at a path of a container; undefined when there is nothing. */
async function entriesOf(
  task: ContainerAccess,
  path: string,
  most: number,
): Promise<Entry[] | undefined> {
  let stream: Readable;
  try {
    const container = dockerClient(task.host).getContainer(task.container);
    stream = (await container.getArchive({ path })) as Readable;
  } catch (error) {
    if (dockerStatus(error) === 404) return undefined;
    throw dockerFailure(`look at ${path}`, task, error);
  }
  const entries: Entry[] = [];
  for await (const entry of stream.pipe(extract())) {
    let content = "";
    // A directory is asked for its first entries only: what they hold may be large.
    if (most === 1) for await (const chunk of entry) content += String(chunk);
    entries.push({ header: entry.header, content });
    if (entries.length === most) break;
    entry.resume();
  }
  stream.destroy(); // the engine would go on and read all of the data
  return entries;
}
