import { execFile } from "node:child_process";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { tools, root } from "../../../setup/paths";
import { pulumiEnv } from "../../../setup/state";
import { type Ended, LongRun, tailOf } from "../../harness/longRun";
import { type Planned, plannedBy } from "../../harness/planned";
import type { Tree } from "../../harness/stackFile";
import { stackFile } from "./config";
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

/** Options of a run. */
interface Options {
  readonly timeoutMs?: number;
  /** Whether its output is what a person sees: kept for the leak scan. */
  readonly keep?: boolean;
  /** Called for each line that it prints. */
  readonly onLine?: (line: string) => void;
}

/** Runs a Pulumi command on the test stack. */
async function pulumi(args: string[], { keep = true, ...options }: Options = {}): Promise<Ended> {
  mkdirSync(work(), { recursive: true });
  // Commands about the stack may write its file: they run where it lies, not in the checkout.
  const cwd = ["stack", "state"].includes(args[0] ?? "") ? work("project") : root;
  const title = `pulumi ${args.join(" ")}`;
  const log = keep ? printed : undefined;
  const all = [...args, "--stack", cluster, "--non-interactive"];
  // As setup/pulumi.ts has it.
  const takeDown = args[0] === "destroy" ? { PGHA_TAKE_DOWN: "1" } : {};
  const watch = keep ? watchProcesses() : undefined;
  try {
    return await new LongRun(tools("bin", "pulumi"), all, {
      ...options,
      ...{ cwd, env: { ...env(), ...takeDown }, log, title },
    }).ended;
  } finally {
    watch?.();
  }
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

const withFile = ["--config-file", stackFile.path];

/** Runs a command that must succeed. */
async function pulumiOk(args: string[], options?: Options): Promise<Ended> {
  const ran = await pulumi(args, options);
  if (ran.code !== 0)
    throw new Error(`pulumi ${args.join(" ")} ended with ${ran.code}:\n${tailOf(ran)}`);
  return ran;
}

/** `pulumi up`, with a patch of the config (see `merged`) that stays until another undoes it. */
export async function up(patch: Tree = {}, options: Options = {}): Promise<Ended> {
  stackFile.patch(patch);
  return pulumiOk(["up", "--yes", "--skip-preview", ...withFile], options);
}

/** `pulumi up --expect-no-changes`: ends with other than 0 when there is something to change. */
export function upUnchanged(): Promise<Ended> {
  return pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes", ...withFile]);
}

/** A preview of a patched config, however it ends; the patch stays. */
export function tryPreview(patch: Tree): Promise<Ended> {
  stackFile.patch(patch);
  return pulumi(["preview", ...withFile]);
}

/** `pulumi destroy --exclude-protected`: what `npm run down` does. */
export function down(): Promise<Ended> {
  return pulumiOk(["destroy", "--yes", "--skip-preview", "--exclude-protected", ...withFile]);
}

/** `pulumi preview`: what would change, by resource. */
export async function preview(): Promise<Planned[]> {
  return plannedBy((await pulumiOk(["preview", "--json", ...withFile])).stdout);
}

/** `pulumi preview --expect-no-changes`: its exit code and what it printed. */
export function previewClean(): Promise<Ended> {
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
  stackFile.write(config);
  await pulumiOk(["stack", "init"]);
}
