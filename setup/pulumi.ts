import { existsSync, rmSync } from "node:fs";
import { adviseOnHosts } from "./absentHosts";
import { followHosts } from "./hostChanges";
import { root, tools } from "./paths";
import { attached } from "./process";
import { parsePulumiArgs, placeOf, type PulumiCommand, takesAllDown } from "./pulumiArgs";
import { beforeDashes, capturePulumi, defaultStack, noStackFile, prepare } from "./pulumiCli";
import { engineParts, ensure, parts } from "./setup";
import { keepChanges, readProject, type StackCopy, stackCopy } from "./stackCopy";
import { refreshOthers } from "./refreshOthers";
import { hostsFor } from "./stackHosts";
import { projectBackend, pulumiEnv, stackStateFile } from "./state";

export { capturePulumi, defaultStack } from "./pulumiCli";

/** Tells the provider that the whole cluster goes: members and servers then need not leave in order. */
const TAKE_DOWN = "PGHA_TAKE_DOWN";

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
  const code = await runOnce(remove ? args.filter((arg) => arg !== "--remove") : args, command);
  if (!remove || code !== 0) return code;
  const where = command.cwd === undefined ? [] : ["--cwd", command.cwd];
  return runPulumi(["stack", "rm", "--yes", "--stack", command.stack ?? defaultStack(), ...where]);
}

async function runOnce(args: string[], command: PulumiCommand): Promise<number> {
  const ready = prepare(args, command);
  const hosts = hostsFor(command, command.stack ?? defaultStack());
  let followed = hosts && (await followHosts(command.verb, hosts));
  if (hosts && followed) followed = await refreshOthers(command, hosts, followed);
  try {
    const env = {
      ...pulumiEnv(),
      ...followed?.env,
      ...(takesAllDown(command) ? { [TAKE_DOWN]: "1" } : {}),
    };
    const all = beforeDashes(ready.args, followed?.flags ?? []);
    const code = await attached(tools("bin", "pulumi"), all, { cwd: ready.cwd, env });
    if (ready.files) settle(command, ready.files, ready.before);
    if (code !== 0) await adviseOnHosts(command.verb, hosts);
    return code;
  } finally {
    followed?.end();
  }
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
