import { createInterface } from "node:readline/promises";
import { capturePulumi, defaultStack, runPulumi, stackExists } from "./pulumi";
import { engineParts, ensure, onTerminal } from "./setup";
import { state } from "./paths";
import { say } from "./progress";
import type { Resource } from "./record/deployment";
import { readRecord } from "./record/store";
import { parseUpArgs, type UpOptions } from "./upArgs";

/** `npm run down -- [--stack S] [--delete-data] [--yes]`. */
export async function downVerb(args: string[]): Promise<number> {
  const options = parseUpArgs(args, defaultStack());
  const { stack } = options;
  await ensure(engineParts);
  if (!(await stackExists(stack))) {
    say(`There is no stack "${stack}": nothing to take down.`);
    return 0;
  }
  return options.deleteData ? deleteAll(options) : takeDown(options);
}

async function takeDown({ stack, yes, rest }: UpOptions): Promise<number> {
  const bare = unprotectedData(await resources(stack));
  if (bare.length > 0)
    throw new Error(
      `Stack "${stack}" has \`protect\` off, so that taking it down would remove ${bare.join(", ")}. ` +
        `Set \`postgres-ha:protect: true\` and run \`up\` first, or say that the data may go: \`down -- --delete-data\`.`,
    );
  const go = yes || !onTerminal() || stack === "dev";
  const code = await runPulumi([
    "destroy",
    "--stack",
    stack,
    "--exclude-protected",
    ...(go ? ["--yes"] : []),
    ...rest,
  ]);
  if (code !== 0) return failed(stack, code);
  const left = await resources(stack);
  process.stdout.write(`\n${describeLeft(left, stack)}\n`);
  return 0;
}

/** Data volumes that a plain `destroy` would remove; those of agents hold nothing of worth. */
export function unprotectedData(all: readonly Resource[]): string[] {
  return all
    .filter(({ type, protect }) => type === "docker:index/volume:Volume" && protect !== true)
    .map(({ outputs }) => String(outputs?.name))
    .filter((name) => /-(postgres|consul|backup)-\d+-data$/.test(name));
}

function failed(stack: string, code: number): number {
  say(
    `\n"pulumi destroy" of stack "${stack}" ended with ${code}; what it said is above. Correct the cause and run the same command again: it goes on from here.`,
  );
  return code;
}

async function resources(stack: string): Promise<Resource[]> {
  const all = (await readRecord(stack))?.deployment.resources ?? [];
  return all.filter(({ type, custom }) => custom === true && !type.startsWith("pulumi:"));
}

/** What is there, by kind; volumes by name, for they are what a person looks for. */
export function inventory(all: Resource[]): string[] {
  const volumes = all
    .filter(({ type }) => type === "docker:index/volume:Volume")
    .map(({ outputs }) => (typeof outputs?.name === "string" ? outputs.name : "?"));
  const others = new Map<string, number>();
  for (const { type } of all) {
    const kind = type.split(":").pop() ?? type;
    if (kind !== "Volume") others.set(kind, (others.get(kind) ?? 0) + 1);
  }
  const lines =
    volumes.length > 0 ? [`  ${volumes.length} data volumes: ${volumes.sort().join(", ")}`] : [];
  if (others.size > 0)
    lines.push(
      `  in the state: ${[...others].map(([kind, count]) => `${count} ${kind}`).join(", ")}`,
    );
  return lines;
}

function describeLeft(left: Resource[], stack: string): string {
  const suffix = stack === "dev" ? "" : ` -- --stack ${stack}`;
  if (left.length === 0) return `Stack "${stack}" is down; it held nothing that is kept.`;
  return [
    `Stack "${stack}" is down. Data, backups and keys are kept:`,
    ...inventory(left),
    `Back with the same data and passwords: npm run up${suffix}`,
    `Remove all of it for good: npm run down -- ${stack === "dev" ? "" : `--stack ${stack} `}--delete-data`,
  ].join("\n");
}

async function deleteAll({ stack, yes, rest }: UpOptions): Promise<number> {
  const all = await resources(stack);
  const name = await clusterName(stack);
  await confirm(name, stack, all, yes);
  // The protection is passed over in this run only: an interrupted one leaves the rest protected.
  const code = await runPulumi(["destroy", "--stack", stack, "--ignore-protect", "--yes", ...rest]);
  if (code !== 0) return failed(stack, code);
  const removed = await runPulumi(["stack", "rm", "--stack", stack, "--yes"]);
  if (removed !== 0) return removed;
  process.stdout.write(
    `\n${[`Cluster "${name}" is gone, with all of its data:`, ...inventory(all), `  the stack "${stack}" and its state`].join("\n")}\n`,
  );
  process.stdout.write(
    `Kept: the passphrase and escrow files in ${state()}; the images at the engines.\n`,
  );
  return 0;
}

async function clusterName(stack: string): Promise<string> {
  const { code, stdout } = await capturePulumi([
    "config",
    "get",
    "postgres-ha:cluster",
    "--stack",
    stack,
  ]);
  return code === 0 && stdout.trim() ? stdout.trim() : stack;
}

async function confirm(name: string, stack: string, all: Resource[], yes: boolean): Promise<void> {
  if (yes) return;
  const what = [
    `This removes cluster "${name}" (stack "${stack}") with all of its data and backups:`,
    ...inventory(all),
  ].join("\n");
  if (!onTerminal())
    throw new Error(
      `${what}\nNothing was removed. There is no terminal to ask on: add --yes if you mean it.`,
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${what}\nType the cluster's name to go on: `);
    if (answer.trim() === name) return;
  } finally {
    terminal.close();
  }
  throw new Error("That is not its name: nothing was removed.");
}
