import { execFile, spawn } from "node:child_process";
import { appendFileSync, createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { tools, root } from "../../../setup/paths";
import { pulumiEnv } from "../../../setup/state";
import { merged, readConfig, stackFile, type Tree, writeConfig } from "./config";
import { cluster, work } from "./identity";

/** Everything that Pulumi printed in this run: the leak scan reads it. */
export const printed = work("pulumi.log");
/** Command lines of all processes that were seen while Pulumi ran. */
export const processes = work("processes.log");
/** Where state and passphrase are in this run. */
export const stateFolder = work("state");

/** The project's environment for Pulumi, with a state directory of the tests' own. */
function env(): NodeJS.ProcessEnv {
  for (const name of ["PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_HOME", "PULUMI_STACK"])
    delete process.env[name];
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  delete process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  process.env.PGHA_STATE = stateFolder;
  return pulumiEnv();
}

/** How a command of Pulumi ended. */
export interface PulumiRan {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** Options of a run. */
interface Options {
  readonly timeoutMs?: number;
  /** Whether its output is what a person sees: kept for the leak scan. */
  readonly keep?: boolean;
  /** Called for each line that it prints. */
  readonly onLine?: (line: string) => void;
}

/** Runs a Pulumi command on the test stack. */
async function pulumi(args: string[], options: Options = {}): Promise<PulumiRan> {
  mkdirSync(work(), { recursive: true });
  const started = Date.now();
  const keep = options.keep ?? true;
  if (keep) appendFileSync(printed, `\n$ pulumi ${args.join(" ")}\n`);
  const sink = keep ? createWriteStream(printed, { flags: "a" }) : undefined;
  // Commands about the stack may write its file: they run where it lies, not in the checkout.
  const cwd = ["stack", "state"].includes(args[0] ?? "") ? work("project") : root;
  const child = spawn(tools("bin", "pulumi"), [...args, "--stack", cluster, "--non-interactive"], {
    cwd,
    env: env(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  let rest = "";
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      sink?.write(chunk);
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) options.onLine?.(line);
    });
  }
  const watch = keep ? watchProcesses() : undefined;
  const limit = options.timeoutMs ?? 300_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGINT");
  }, limit);
  const code = await new Promise<number>((done, reject) => {
    child.once("error", reject);
    child.once("close", (ended) => done(ended ?? 255));
  });
  clearTimeout(timer);
  watch?.();
  if (sink) await new Promise<void>((done) => sink.end(done));
  if (late)
    throw new Error(`pulumi ${args[0] ?? ""} did not end within ${limit / 1000} s\n${tail(text)}`);
  return { ...text, code, seconds: (Date.now() - started) / 1000 };
}

/** Writes down every command line that is seen, twice a second; gives the end of it. */
function watchProcesses(): () => void {
  const seen = new Set<string>();
  const look = setInterval(() => {
    execFile("ps", ["axww", "-o", "args="], (error, text) => {
      const fresh = error ? [] : text.split("\n").filter((line) => line !== "" && !seen.has(line));
      fresh.forEach((line) => seen.add(line));
      if (fresh.length > 0) appendFileSync(processes, `${fresh.join("\n")}\n`);
    });
  }, 500);
  return () => clearInterval(look);
}

function tail({ stdout, stderr }: { stdout: string; stderr: string }): string {
  return `${stdout}\n${stderr}`.trimEnd().split("\n").slice(-60).join("\n");
}

const withFile = ["--config-file", stackFile];

/** Runs a command that must succeed. */
async function pulumiOk(args: string[], options?: Options): Promise<PulumiRan> {
  const ran = await pulumi(args, options);
  if (ran.code !== 0)
    throw new Error(`pulumi ${args.join(" ")} ended with ${ran.code}:\n${tail(ran)}`);
  return ran;
}

/** `pulumi up`, with a patch of the config (see `merged`) that stays until another undoes it. */
export async function up(patch: Tree = {}, options: Options = {}): Promise<PulumiRan> {
  writeConfig(merged(readConfig(), patch));
  return pulumiOk(["up", "--yes", "--skip-preview", ...withFile], options);
}

/** `pulumi up --expect-no-changes`: ends with other than 0 when there is something to change. */
export function upUnchanged(): Promise<PulumiRan> {
  return pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes", ...withFile]);
}

/** A preview of a patched config, however it ends; the patch stays. */
export function tryPreview(patch: Tree): Promise<PulumiRan> {
  writeConfig(merged(readConfig(), patch));
  return pulumi(["preview", ...withFile]);
}

/** `pulumi destroy --exclude-protected`: what `npm run down` does. */
export function down(): Promise<PulumiRan> {
  return pulumiOk(["destroy", "--yes", "--skip-preview", "--exclude-protected", ...withFile]);
}

/** A resource that a preview would change, and how. */
export interface Planned {
  /** Resource name. */
  readonly name: string;
  readonly type: string;
  /** `create`, `update`, `replace`, `delete`... */
  readonly op: string;
  /** Paths of the inputs that differ: `config.postgresql.parameters.work_mem`. */
  readonly properties: readonly string[];
}

interface Step {
  op: string;
  urn: string;
  oldState?: { inputs?: Tree };
  newState?: { inputs?: Tree };
  diffReasons?: string[];
}

/** `pulumi preview`: what would change, by resource. */
export async function preview(): Promise<Planned[]> {
  const { stdout } = await pulumiOk(["preview", "--json", ...withFile]);
  const { steps = [] } = JSON.parse(stdout) as { steps?: Step[] };
  return steps.filter(({ op }) => !["same", "refresh", "read"].includes(op)).map(planned);
}

function planned({ op, urn, oldState, newState, diffReasons }: Step): Planned {
  const parts = urn.split("::");
  const differing = differences(oldState?.inputs, newState?.inputs);
  return {
    name: parts.slice(3).join("::"),
    type: (parts[2] ?? "").split("$").pop() ?? "",
    op,
    properties: [...new Set([...(diffReasons ?? []), ...differing])],
  };
}

function differences(left: unknown, right: unknown, path: string[] = []): string[] {
  if (JSON.stringify(left) === JSON.stringify(right)) return [];
  const both = [left, right].every((side) => typeof side === "object" && side !== null);
  if (!both) return [path.join(".")];
  const [a, b] = [left as Tree, right as Tree];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys]
    .filter((key) => key !== "__defaults")
    .flatMap((key) => differences(a[key], b[key], [...path, key]));
}

/** `pulumi preview --expect-no-changes`: its exit code and what it printed. */
export function previewClean(): Promise<PulumiRan> {
  return pulumi(["preview", "--expect-no-changes", "--diff", ...withFile]);
}

/** All outputs, secrets in the clear. */
export async function readOutputs(): Promise<unknown> {
  const args = ["stack", "output", "--json", "--show-secrets"];
  return JSON.parse((await pulumiOk(args, { keep: false })).stdout) as unknown;
}

/** `pulumi stack export`; `clear` with the secrets in the clear. */
export async function exportStack(clear: boolean): Promise<string> {
  const args = ["stack", "export", ...(clear ? ["--show-secrets"] : [])];
  return (await pulumiOk(args, { keep: false })).stdout;
}

/** Makes the stack, with the given config. */
export async function createStack(config: Tree): Promise<void> {
  mkdirSync(work("project"), { recursive: true });
  writeFileSync(work("project", "Pulumi.yaml"), "name: postgres-ha\nruntime: nodejs\n");
  writeConfig(config);
  await pulumiOk(["stack", "init"]);
}
