import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { root, tools } from "./paths";
import { capture, type Captured } from "./process";
import { parsePulumiArgs, placeOf, type PulumiCommand, takesStack } from "./pulumiArgs";
import { makeShadow, readProject, refreshCopy, type StackCopy, stackCopy } from "./stackCopy";
import { projectBackend, pulumiEnv } from "./state";

/** The stack of a command that names none. */
export const defaultStack = (): string => process.env.PULUMI_STACK || "dev";

/** A command line made ready for the CLI. */
export interface Prepared {
  args: string[];
  cwd: string;
  /** The stack files to keep in step, if the command works with some. */
  files?: StackCopy;
  before?: string;
}

/** Makes a command line ready: directory, stack file, stack. */
export function prepare(args: string[], command: PulumiCommand): Prepared {
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

/** What is said of a stack without a stack file. */
export function noStackFile({ stack, tracked }: StackCopy): Error {
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
export function beforeDashes(args: string[], added: readonly string[]): string[] {
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

/**
 * Runs the CLI with the project's home, backend, passphrase and stack file, and returns what it
 * printed.
 *
 * @param env What is added to its environment; default nothing.
 */
export async function capturePulumi(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Captured> {
  const ready = prepare(args, parsePulumiArgs(args));
  return capture(tools("bin", "pulumi"), ready.args, {
    cwd: ready.cwd,
    env: { ...pulumiEnv(), ...env },
  });
}
