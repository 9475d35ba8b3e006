import { existsSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { adviseOnHosts, leaveAlone } from "./absentHosts";
import { root, tools } from "./paths";
import { attached, capture, type Captured } from "./process";
import { parsePulumiArgs, placeOf, type PulumiCommand, takesStack } from "./pulumiArgs";
import { engineParts, ensure, parts } from "./setup";
import {
  keepChanges,
  makeShadow,
  readProject,
  refreshCopy,
  type StackCopy,
  stackCopy,
} from "./stackCopy";
import { projectBackend, pulumiEnv, stackStateFile } from "./state";

/** The stack of a command that names none. */
export const defaultStack = (): string => process.env.PULUMI_STACK || "dev";

/** A command line made ready for the CLI. */
interface Prepared {
  args: string[];
  cwd: string;
  /** The stack files to keep in step, if the command works with some. */
  files?: StackCopy;
  before?: string;
}

function prepare(args: string[], command: PulumiCommand): Prepared {
  const place = placeOf(command);
  const standing = process.env.INIT_CWD ?? process.cwd();
  if (!projectBackend() || place === "plain")
    return { args, cwd: command.cwd === undefined ? root : standing };
  const folder = command.cwd === undefined ? root : resolve(standing, command.cwd);
  const stack = command.stack ?? stackInWords(command) ?? defaultStack();
  const named = command.stack === undefined && takesStack(command) ? ["--stack", stack] : [];
  const rest = beforeDashes(withoutCwd(args), named);
  if (command.configFile !== undefined) return { args: rest, cwd: folder };
  const files = stackCopy(readProject(folder), stack);
  const before = refreshCopy(files);
  if (place === "shadow")
    return {
      args: absolutePaths(rest, command, folder),
      cwd: makeShadow(files.project),
      files,
      before,
    };
  if (command.verb === "logs") return { args: rest, cwd: folder };
  const leaving = command.verb === "destroy" || command.verb === "refresh";
  if (!existsSync(files.tracked) && !(leaving && before !== undefined)) throw noStackFile(files);
  return { args: beforeDashes(rest, ["--config-file", files.copy]), cwd: folder, files, before };
}

function noStackFile({ stack, tracked }: StackCopy): Error {
  return new Error(
    `Stack "${stack}" has no configuration: ${tracked} does not exist. Write it (Pulumi.prod.yaml is an example), or name another stack with --stack.`,
  );
}

// Commands that run in the shadow folder would read and write files there.
function absolutePaths(
  args: string[],
  { verb, sub, words }: PulumiCommand,
  folder: string,
): string[] {
  const graph = verb === "stack" && sub === "graph" ? words[0] : undefined;
  return args.map((arg, i) => {
    if (args[i - 1] === "--file" || (graph !== undefined && arg === graph))
      return resolve(folder, arg);
    return arg.startsWith("--file=")
      ? `--file=${resolve(folder, arg.slice("--file=".length))}`
      : arg;
  });
}

function stackInWords({ verb, sub, words }: PulumiCommand): string | undefined {
  if (verb === "cancel") return sub || undefined;
  return verb === "stack" && (sub === "init" || sub === "rm") ? words[0] : undefined;
}

/** Adds flags where the CLI still reads flags: before a bare "--". */
function beforeDashes(args: string[], added: string[]): string[] {
  const dashes = args.indexOf("--");
  return dashes < 0
    ? [...args, ...added]
    : [...args.slice(0, dashes), ...added, ...args.slice(dashes)];
}

// The wrapper's own choice of directory takes the place of the person's.
function withoutCwd(args: string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "-C" || arg === "--cwd") i++;
    else if (!/^(--cwd=|-C.)/.test(arg)) kept.push(arg);
  }
  return kept;
}

function refuse({ verb, sub, help }: PulumiCommand): void {
  if (help || !projectBackend()) return;
  if (verb === "stack" && (sub === "select" || sub === "unselect")) {
    throw new Error(
      `"npm run pulumi" keeps no selected stack: name it in each command with --stack, or in PULUMI_STACK; without either it is "dev".`,
    );
  }
}

/** Runs the CLI on this terminal with the project's home, backend, passphrase and stack file. */
export async function runPulumi(args: string[]): Promise<number> {
  const command = parsePulumiArgs(args);
  refuse(command);
  // "--remove" would delete the tracked stack file with the stack: done in two steps instead.
  const remove = projectBackend() && command.verb === "destroy" && args.includes("--remove");
  const ready = prepare(remove ? args.filter((arg) => arg !== "--remove") : args, command);
  const env = pulumiEnv();
  const ours = command.cwd === undefined && !command.help;
  const stack = command.stack ?? defaultStack();
  const all = [...ready.args, ...(ours ? leaveAlone(command.verb, stack) : [])];
  const code = await attached(tools("bin", "pulumi"), all, { cwd: ready.cwd, env });
  if (ready.files) settle(command, ready.files, ready.before);
  if (ours && code !== 0) await adviseOnHosts(command.verb, stack);
  if (!remove || code !== 0) return code;
  const where = command.cwd === undefined ? [] : ["--cwd", command.cwd];
  return runPulumi(["stack", "rm", "--yes", "--stack", command.stack ?? defaultStack(), ...where]);
}

// With its stack gone a copy is worth nothing: the next stack of that name gets a salt of its own.
function settle(command: PulumiCommand, files: StackCopy, before: string | undefined): void {
  const removed =
    command.verb === "stack" &&
    command.sub === "rm" &&
    !stackStateFile(files.project.name, files.stack);
  if (removed) rmSync(files.copy, { force: true });
  else keepChanges(files, before);
}

/** Runs the CLI as {@link runPulumi} does and returns what it printed. */
export async function capturePulumi(args: string[]): Promise<Captured> {
  const ready = prepare(args, parsePulumiArgs(args));
  return capture(tools("bin", "pulumi"), ready.args, { cwd: ready.cwd, env: pulumiEnv() });
}

/** True when the stack exists at the backend in use. */
export async function stackExists(stack: string, folder = root): Promise<boolean> {
  if (projectBackend()) return stackStateFile(readProject(folder).name, stack) !== undefined;
  return (await capturePulumi(["stack", "--show-name", "--stack", stack])).code === 0;
}

/** Makes a stack that does not exist yet. */
export async function createStack(stack: string): Promise<void> {
  const files = stackCopy(readProject(root), stack);
  if (!existsSync(files.tracked)) throw noStackFile(files);
  const { code, stdout, stderr } = await capturePulumi([
    "stack",
    "init",
    "--stack",
    stack,
    "--non-interactive",
  ]);
  if (code !== 0)
    throw new Error(
      `Creating stack "${stack}" failed (exit ${code}): ${(stderr || stdout).trim()}`,
    );
}

/** `npm run pulumi -- ARGS`. */
export async function pulumiVerb(args: string[]): Promise<number> {
  const command = parsePulumiArgs(args);
  const all = !command.help && (command.verb === "up" || command.verb === "watch");
  const program = placeOf(command) === "program";
  await ensure(all ? parts : program ? engineParts : ["cli"]);
  return runPulumi(args);
}
