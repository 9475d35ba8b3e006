/** The project's commands on the stack of the tests, as a person gives them. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Ended, LongRun, tailOf } from "../../harness/longRun";
import type { Outputs } from "../../harness/outputs";
import { type Planned, plannedBy } from "../../harness/planned";
import type { Tree } from "../../harness/stackFile";
import { checkout, stackFile } from "./checkout";
import { cluster, lab, work } from "./identity";

/** Everything that the commands printed in this run. */
export const printed = work("commands.log");

/** What a person may have set, and what this very command was given: not the tests'. */
const FOREIGN = /^(PULUMI_|PGHA_(STATE|PULUMI|TEST|LAB)|VITEST|NODE_ENV$|INIT_CWD$|npm_)/;

/** How a command is run. */
export interface CommandOptions {
  readonly timeoutMs?: number;
  /** Whether its output goes into the log; an output with secrets does not. */
  readonly keep?: boolean;
  readonly onLine?: (line: string) => void;
  /** Added to its environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** A program, with its first arguments, that runs the command. */
  readonly through?: readonly string[];
}

/** A person's environment with a state of the tests' own, and the lab's agent. */
function environment(): NodeJS.ProcessEnv {
  // Sockets of shared ssh connections lie here: apart from a person's.
  const sockets = work("run");
  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  const own = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  return {
    ...Object.fromEntries(own),
    ...lab.environment(),
    PGHA_STATE: work("state"),
    XDG_RUNTIME_DIR: sockets,
  };
}

/** Begins `npm run VERB -- ARGS` in the checkout of the tests. */
function begin(verb: string, args: readonly string[], options: CommandOptions = {}): LongRun {
  const { keep = true, env = {}, through = [], ...rest } = options;
  const script = join(checkout, "setup", "run.mjs");
  const argv = [...through, process.execPath, script, verb, ...args];
  return new LongRun(argv[0] ?? "", argv.slice(1), {
    ...rest,
    cwd: checkout,
    env: { ...environment(), ...env },
    log: keep ? printed : undefined,
    title: `${verb} ${args.join(" ")}`,
  });
}

/** Runs such a command to its end, whatever its exit code. */
export function command(
  verb: string,
  args: readonly string[],
  options?: CommandOptions,
): Promise<Ended> {
  return begin(verb, args, options).ended;
}

async function must(verb: string, args: readonly string[], options?: CommandOptions) {
  const ended = await command(verb, args, options);
  if (ended.code === 0) return ended;
  throw new Error(`${verb} ${args.join(" ")} ended with ${ended.code}:\n${tailOf(ended)}`);
}

const STACK = ["--stack", cluster];

/** Begins `npm run up`, with a patch of the config (see `merged`) that stays until another undoes it. */
export function beginUp(patch: Tree = {}, options?: CommandOptions): LongRun {
  stackFile.patch(patch);
  return begin("up", [...STACK, "--yes"], options);
}

/** `npm run up` however it ends. */
export function tryUp(patch: Tree = {}, options?: CommandOptions): Promise<Ended> {
  return beginUp(patch, { timeoutMs: 600_000, ...options }).ended;
}

/** `npm run up` that must succeed. */
export async function up(patch: Tree = {}, options?: CommandOptions): Promise<Ended> {
  const ended = await tryUp(patch, options);
  if (ended.code === 0) return ended;
  throw new Error(`up ended with ${ended.code}:\n${tailOf(ended)}`);
}

/** `npm run up` that must find nothing to do: ends with other than 0 otherwise. */
export function upUnchanged(): Promise<Ended> {
  return command("up", [...STACK, "--yes", "--expect-no-changes"]);
}

/** A preview of a patched config, however it ends; the patch stays. */
export function tryPreview(patch: Tree = {}, options?: CommandOptions): Promise<Ended> {
  stackFile.patch(patch);
  return command("pulumi", ["preview", ...STACK], options);
}

/** What a preview would change, by resource. */
export async function preview(): Promise<Planned[]> {
  return plannedBy((await must("pulumi", ["preview", "--json", ...STACK])).stdout);
}

/** A preview that must show nothing: ends with other than 0 otherwise, and prints what. */
export function previewClean(): Promise<Ended> {
  return command("pulumi", ["preview", "--expect-no-changes", "--diff", ...STACK]);
}

/** `npm run pulumi -- ARGS` on the stack, which must succeed. */
export function pulumi(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return must("pulumi", [...args, ...STACK], options);
}

/** `npm run down`, which must succeed. */
export function down(): Promise<Ended> {
  return must("down", [...STACK, "--yes"]);
}

/** `npm run down -- --delete-data`, which must succeed: nothing of the cluster stays. */
export function removeAll(): Promise<Ended> {
  return must("down", [...STACK, "--delete-data", "--yes"]);
}

/** Begins `npm run ops -- ARGS` without questions. */
export function beginOps(args: readonly string[], options?: CommandOptions): LongRun {
  return begin("ops", [...STACK, "--yes", ...args], options);
}

/** `npm run ops -- ARGS` without questions, however it ends. */
export function tryOps(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return command("ops", [...STACK, "--yes", ...args], options);
}

/** The same that must succeed. */
export function ops(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return must("ops", [...STACK, "--yes", ...args], options);
}

/** The stack's outputs as they are now, secrets in the clear. */
export async function readOutputs(): Promise<Outputs> {
  const args = ["stack", "output", "--json", "--show-secrets", ...STACK];
  return JSON.parse((await must("pulumi", args, { keep: false })).stdout) as Outputs;
}
