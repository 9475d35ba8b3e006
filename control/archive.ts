/** Files of a container by Docker's archive API; works on containers that were never started. */
import { pack, extract, type Header } from "tar-stream";
import type { ContainerAccess } from "../model/access";
import { dockerClient, dockerFailure, dockerStatus } from "./docker";

/** A regular file with its numeric owner. */
export interface ArchiveFile {
  readonly content: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Writes files below a directory that exists; other files there stay. */
export async function putFiles(
  access: ContainerAccess,
  directory: string,
  files: ReadonlyMap<string, ArchiveFile>,
): Promise<void> {
  const tar = pack();
  const made = new Set<string>();
  for (const [path, file] of files) {
    for (const parent of parents(path)) {
      if (made.has(parent)) continue;
      made.add(parent);
      tar.entry({ name: `${parent}/`, type: "directory", mode: 0o755, uid: 0, gid: 0 });
    }
    const { mode, uid, gid } = file;
    tar.entry({ name: path, type: "file", mode, uid, gid, mtime: new Date() }, file.content);
  }
  tar.finalize();
  const body = await gather(tar);
  try {
    const container = dockerClient(access.host).getContainer(access.container);
    await container.putArchive(body, { path: directory });
  } catch (error) {
    throw dockerFailure(`write files below ${directory}`, access, error);
  }
}

/** What lies below a directory, by path from there. */
export interface Tree {
  readonly files: ReadonlyMap<string, ArchiveFile>;
  readonly directories: ReadonlySet<string>;
}

/** All below a directory; undefined when the container or the directory is missing. */
export async function getTree(
  access: ContainerAccess,
  directory: string,
): Promise<Tree | undefined> {
  const stream = await archiveOf(access, directory);
  if (stream === undefined) return undefined;
  const files = new Map<string, ArchiveFile>();
  const directories = new Set<string>();
  const reader = stream.pipe(extract());
  for await (const entry of reader) {
    const header: Header = entry.header;
    const content = await gather(entry);
    const path = relative(header.name);
    const { mode = 0, uid = 0, gid = 0 } = header;
    if (header.type === "directory") directories.add(path);
    else files.set(path, { content: content.toString(), mode: mode & 0o7777, uid, gid });
  }
  return { files, directories };
}

/** Content of one file; undefined when the container or the file is missing. */
export async function getFile(access: ContainerAccess, path: string): Promise<Buffer | undefined> {
  const stream = await archiveOf(access, path);
  if (stream === undefined) return undefined;
  let content: Buffer | undefined;
  for await (const entry of stream.pipe(extract())) {
    const all = await gather(entry);
    content ??= all;
  }
  return content;
}

async function archiveOf(
  access: ContainerAccess,
  path: string,
): Promise<NodeJS.ReadableStream | undefined> {
  try {
    return await dockerClient(access.host).getContainer(access.container).getArchive({ path });
  } catch (error) {
    if (dockerStatus(error) === 404) return undefined;
    throw dockerFailure(`read ${path}`, access, error);
  }
}

/** The part of a tree below one of its directories; undefined when there is no such directory. */
export function subtree(tree: Tree, directory: string): Map<string, ArchiveFile> | undefined {
  if (!tree.directories.has(directory)) return undefined;
  const prefix = `${directory}/`;
  const inside = [...tree.files].filter(([path]) => path.startsWith(prefix));
  return new Map(inside.map(([path, file]) => [path.slice(prefix.length), file]));
}

/** The archive's names start with the last part of the directory that was asked for. */
function relative(name: string): string {
  return name
    .split("/")
    .filter((part) => part !== "." && part !== "")
    .slice(1)
    .join("/");
}

function parents(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** All of a stream. */
export async function gather(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
