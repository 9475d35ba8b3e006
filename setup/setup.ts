import { existsSync } from "node:fs";
import { join } from "node:path";
import { baseStep } from "./base";
import { engineStep } from "./engine";
import { withLock } from "./lock";
import { root, tools } from "./paths";
import { elapsed, lines, say } from "./progress";
import { sweep } from "./stamp";
import type { Consent, Found, Step } from "./step";
import { toolSteps } from "./tools";

/** The parts that a command may need, in the order in which they are provided. */
export const parts = [
  "npm",
  "engine",
  "cli",
  "language",
  "docker",
  "random",
  "command",
  "consul",
  "base",
] as const;
export type Part = (typeof parts)[number];

/** What it takes to run the Pulumi engine without touching a host of this machine. */
export const engineParts: readonly Part[] = ["cli", "language", "docker", "random", "command"];

function allSteps(): Record<Part, Step> {
  return { npm: npmStep(), engine: engineStep(), ...toolSteps(), base: baseStep() };
}

// run.mjs installs the dependencies, for without them nothing here runs. This only lists them.
function npmStep(): Step {
  const version = process.versions.node;
  return {
    name: "npm dependencies",
    check: () =>
      Promise.resolve({
        present: existsSync(join(root, "node_modules", ".postgres-ha-stamp")),
        version: `for Node.js ${version}`,
        from: "package-lock.json",
      }),
    provide: () =>
      Promise.reject(
        new Error(
          "node_modules has lost its stamp: run the command again, it installs the dependencies first.",
        ),
      ),
  };
}

/** True where the person can be asked. */
export function onTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Sees that the parts are there and provides those that are not. Says nothing when all are there.
 *
 * @throws when a part cannot be provided; what was provided before it stays.
 */
export async function ensure(
  wanted: readonly Part[],
  consent: Consent = { yes: !onTerminal() },
): Promise<void> {
  const steps = allSteps();
  const chosen = parts.filter((part) => wanted.includes(part)).map((part) => steps[part]);
  const found = await Promise.all(chosen.map((step) => step.check()));
  if (found.every(({ present }) => present)) return;
  const waiting = ({ pid, host }: { pid: number; host: string }): void =>
    say(`Another set-up is at work (process ${pid} on ${host}): waiting for it.`);
  await withLock(tools("setup.lock"), waiting, async () => {
    sweep();
    for (const step of chosen) await provideMissing(step, consent);
  });
}

async function provideMissing(step: Step, consent: Consent): Promise<void> {
  const before = await step.check();
  if (before.present) return;
  say(`Setting up: ${step.name} (wanted ${before.version}; ${before.from})`);
  const started = Date.now();
  await step.provide(lines, consent);
  const after = await step.check();
  if (!after.present)
    throw new Error(
      `The set-up of "${step.name}" went through, yet the check finds: ${after.from}. Run "npm run setup -- --check" and look at the logs in ${tools("logs")}.`,
    );
  say(`  ${step.name} ${after.version}, ${after.from} (${elapsed(started)})`);
}

/** Lists every part: there or missing, version, from where. Returns the exit code. */
async function list(): Promise<number> {
  const steps = allSteps();
  const found = await Promise.all(
    parts.map(async (part): Promise<[Step, Found]> => [steps[part], await steps[part].check()]),
  );
  for (const [step, { present, version, from }] of found) {
    process.stdout.write(
      `${step.name.padEnd(22)}${(present ? "present" : "MISSING").padEnd(9)}${version.padEnd(44)}${from}\n`,
    );
  }
  const missing = found.filter(([, { present }]) => !present).length;
  process.stdout.write(
    missing === 0
      ? "All is in place.\n"
      : `${missing} of ${parts.length} missing: run "npm run setup".\n`,
  );
  return missing === 0 ? 0 : 1;
}

/** `npm run setup -- [--check] [--yes]`. */
export async function setupVerb(args: string[]): Promise<number> {
  const unknown = args.find((arg) => !["--check", "--yes", "-y"].includes(arg));
  if (unknown)
    throw new Error(
      `"npm run setup" does not know "${unknown}". It takes --check (list what is there) and --yes (install a Docker engine without asking).`,
    );
  if (args.includes("--check")) return list();
  await ensure(parts, { yes: args.includes("--yes") || args.includes("-y") || !onTerminal() });
  return list();
}
