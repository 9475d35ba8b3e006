import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { makeStateDir, root, state, stateDir, tools } from "./paths";

/** Set by a person who keeps Pulumi's home, backend or account by himself; then nothing of it is ours. */
const ownWays = ["PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_HOME"];

/** True when the project's own home, backend and passphrase are used; told by itself counts too. */
export function projectBackend(env: NodeJS.ProcessEnv = process.env): boolean {
  // `ops` runs with what pulumiEnv() gives.
  const own: NodeJS.ProcessEnv = {
    PULUMI_HOME: tools("pulumi-home"),
    PULUMI_BACKEND_URL: ownBackend(),
  };
  return ownWays.every((name) => !env[name] || env[name] === own[name]);
}

function ownBackend(): string {
  return `file://${state("backend")}`;
}

/** The environment that every Pulumi command of the project runs in. */
export function pulumiEnv(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: [join(root, "setup", "bin"), tools("bin"), process.env.PATH ?? ""].join(delimiter),
  };
  env.PULUMI_SKIP_UPDATE_CHECK ??= "true";
  // Most of a refresh waits for answers: the CLI's own 4 per core leave the cores idle meanwhile.
  env.PULUMI_PARALLEL ??= "16";
  // The engine and its plugins live for seconds: less collecting of garbage is a tenth of their work.
  env.GOGC ??= "400";
  if (!projectBackend()) return env;
  makeStateDir();
  env.PULUMI_HOME = tools("pulumi-home");
  withoutLog(env.PULUMI_HOME);
  env.PULUMI_BACKEND_URL = ownBackend();
  if (env.PULUMI_CONFIG_PASSPHRASE === undefined && !env.PULUMI_CONFIG_PASSPHRASE_FILE) {
    env.PULUMI_CONFIG_PASSPHRASE_FILE = passphraseFile();
  }
  return env;
}

/**
 * The CLI keeps a log of every message between its engine and the plugins, 3 MB and most of a second
 * for each command, and has no switch for it. It goes without where it cannot make the folder.
 */
function withoutLog(home: string): void {
  const logs = join(home, "logs");
  if (statSync(logs, { throwIfNoEntry: false })?.isFile() === true) return;
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(logs, "A file, so that the Pulumi CLI writes no log here.\n");
}

/**
 * The file with the passphrase that encrypts the secrets in the state; made once.
 *
 * @throws when it is gone while stacks are there: a new one would not open them.
 */
export function passphraseFile(): string {
  const file = state("passphrase");
  if (existsSync(file)) return file;
  const stacks = stackFiles();
  if (stacks.length > 0) {
    throw new Error(
      `The passphrase of the state is gone: ${file} does not exist, but ${stacks.length} stack(s) in ${state("backend")} are encrypted with it (${stacks.slice(0, 3).join(", ")}). ` +
        "Put it back from a backup or an escrow file (npm run ops -- export-keys writes one); without it the secrets of these stacks cannot be read.",
    );
  }
  create(file, `${randomBytes(32).toString("base64")}\n`);
  return file;
}

// Written beside and linked into place: the file appears whole or not at all, and of two commands
// at once the first wins, as with O_EXCL. Synced, for what is encrypted with it will be.
function create(file: string, text: string): void {
  makeStateDir();
  const beside = `${file}.${process.pid}`;
  const handle = openSync(beside, "wx", 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    linkSync(beside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(beside, { force: true });
  }
  const folder = openSync(stateDir(), "r");
  fsyncSync(folder);
  closeSync(folder);
}

function stackFiles(): string[] {
  const folder = state("backend", ".pulumi", "stacks");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.json(\.gz)?$/.test(name))
    .map((name) => name.replace(/\.json(\.gz)?$/, ""));
}

/** The file that the project's backend keeps a stack in; undefined when there is no such stack. */
export function stackStateFile(project: string, stack: string): string | undefined {
  const file = state("backend", ".pulumi", "stacks", project, `${stack}.json`);
  return [file, `${file}.gz`].find(existsSync);
}

/** The folder with the generated stack files of a project. */
export function stacksFolder(project: string): string {
  return join(state("stacks"), project);
}
