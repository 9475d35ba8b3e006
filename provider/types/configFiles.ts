/** ConfigFiles: the files of a config volume, written and read through a never-started holder. */
import { posix } from "node:path";
import type { ContainerAccess } from "../../model/access";
import type { ConfigFile, ConfigFilesInputs } from "../../model/resources";
import { getTree, putFiles, subtree, type ArchiveFile, type Tree } from "../../control/archive";
import { containerKey, containerState, place } from "../../control/docker";
import { ControlError } from "../../control/errors";
import { execChecked, signalContainer } from "../../control/exec";
import { Recent } from "../../control/recent";
import { define } from "../type";

/**
 * The archive API cannot delete. A file that is no more wanted becomes empty and unreadable, with a
 * mode that no wanted file has (sticky bit only), and Read takes such a file for absent.
 */
const TOMBSTONE: ArchiveFile = { content: "", mode: 0o1000, uid: 0, gid: 0 };
/** Lies there from before a write until after the reload, so that a lost reload is made up for. */
export const PENDING = ".reload-pending";
const UNEXPECTED = "<unexpected file>";

type Files = Map<string, ArchiveFile>;

function holderOf(inputs: ConfigFilesInputs): ContainerAccess {
  return { host: inputs.host, container: inputs.holder };
}

function wanted(inputs: ConfigFilesInputs): Files {
  const entries = Object.entries(inputs.files).map(([path, file]): [string, ArchiveFile] => [
    path,
    { content: file.content, mode: Number.parseInt(file.mode, 8), uid: file.uid, gid: file.gid },
  ]);
  return new Map(entries);
}

function present(files: ReadonlyMap<string, ArchiveFile>): Files {
  return new Map([...files].filter(([, file]) => !equal(file, TOMBSTONE)));
}

function equal(left: ArchiveFile | undefined, right: ArchiveFile): boolean {
  if (left === undefined) return false;
  const { content, mode, uid, gid } = right;
  return left.content === content && left.mode === mode && left.uid === uid && left.gid === gid;
}

/** What lies on a host, read once for all resources there; a write reads for itself. */
const trees = new Recent<Tree | undefined>(1000);

async function live(inputs: ConfigFilesInputs): Promise<Files | undefined> {
  const tree = await getTree(holderOf(inputs), inputs.directory);
  return tree && present(tree.files);
}

async function recentlyLive(inputs: ConfigFilesInputs): Promise<Files | undefined> {
  const holder = holderOf(inputs);
  const parent = posix.dirname(inputs.directory);
  const key = JSON.stringify([containerKey(holder), parent]);
  const tree = await trees.get(key, () => getTree(holder, parent));
  const files = tree && subtree(tree, posix.basename(inputs.directory));
  return files && present(files);
}

/** Writes what differs, buries what is not wanted, then has the process read its files again. */
async function write(inputs: ConfigFilesInputs): Promise<void> {
  const holder = holderOf(inputs);
  const found = await live(inputs);
  if (found === undefined) {
    throw new ControlError({
      doing: "write configuration files",
      where: `${place(holder)}, directory ${inputs.directory}`,
      found: "the container or the directory is missing",
      remedy: "Run `up` again: it makes the holder before the files.",
    });
  }
  const target = wanted(inputs);
  const changes: Files = new Map();
  for (const [path, file] of target) if (!equal(found.get(path), file)) changes.set(path, file);
  for (const path of found.keys()) if (!target.has(path)) changes.set(path, TOMBSTONE);
  if (changes.size === 0) return;
  trees.clear();
  changes.delete(PENDING);
  const pending: ArchiveFile = { content: "reload\n", mode: 0o600, uid: 0, gid: 0 };
  await putFiles(holder, inputs.directory, new Map([[PENDING, pending], ...changes]));
  await reload(inputs);
  await putFiles(holder, inputs.directory, new Map([[PENDING, TOMBSTONE]]));
}

async function reload(inputs: ConfigFilesInputs): Promise<void> {
  for (const { container, signal, exec } of inputs.reload) {
    const target = { host: inputs.host, container };
    if (!(await containerState(target)).running) continue;
    if (signal !== undefined) await signalContainer(target, signal);
    if (exec !== undefined) await execChecked(target, exec);
  }
}

/** Live files in the form of the inputs; modes are written as the inputs write them. */
function asInputs(files: Files, declared: Record<string, ConfigFile>): Record<string, ConfigFile> {
  const entries = [...files].map(([path, file]): [string, ConfigFile] => {
    const said = declared[path];
    const same = said !== undefined && Number.parseInt(said.mode, 8) === file.mode;
    const mode = same ? said.mode : file.mode.toString(8).padStart(4, "0");
    const content = said === undefined ? UNEXPECTED : file.content;
    return [path, { content, mode, uid: file.uid, gid: file.gid }];
  });
  return Object.fromEntries(entries);
}

function check(
  _: Partial<ConfigFilesInputs>,
  news: ConfigFilesInputs,
): { property: string; reason: string }[] {
  return Object.entries(news.files).flatMap(([path, file]) => {
    const bad =
      path.startsWith("/") ||
      path === PENDING ||
      path.split("/").some((part) => part === ".." || part === "");
    const mode = /^0?[0-7]{3}$/.test(file.mode) && Number.parseInt(file.mode, 8) !== 0;
    return [
      ...(bad ? [`"${path}" is not a path below the directory`] : []),
      ...(mode
        ? []
        : [`mode "${file.mode}" of "${path}" is not octal, as "0600", and more than 0000`]),
    ].map((reason) => ({ property: "files", reason }));
  });
}

/** Delete does nothing: the files go with their volume. */
export const configFiles = define<ConfigFilesInputs, ConfigFilesInputs>({
  type: "pgha:index:ConfigFiles",
  secretFields: [],
  computed: [],
  replaceOn: ["holder", "directory"],
  check,
  async create(inputs) {
    await write(inputs);
    return { id: `${inputs.host.name}/${inputs.holder}${inputs.directory}`, state: inputs };
  },
  async read(state) {
    const files = await recentlyLive(state);
    if (files === undefined) return undefined;
    return { ...state, files: asInputs(files, state.files) };
  },
  async update(_, news) {
    await write(news);
    return news;
  },
  delete: () => Promise.resolve(),
});
