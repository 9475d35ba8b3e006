import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { checkVerb } from "./check";
import { downVerb } from "./down";
import { root, tools } from "./paths";
import { endChildren } from "./process";
import { reason, say } from "./progress";
import { pulumiVerb } from "./pulumi";
import { ensure, type Part, parts, setupVerb } from "./setup";
import { pulumiEnv } from "./state";
import { testVerb } from "./test";
import { upVerb } from "./up";

/** setup/load.cjs. */
interface Loader {
  load: (entry: string) => unknown;
}
type Verb = (args: string[]) => Promise<number>;

const verbs: Record<string, Verb> = {
  setup: setupVerb,
  up: upVerb,
  down: downVerb,
  pulumi: pulumiVerb,
  test: testVerb,
  check: checkVerb,
  ops: (args) => runProgram("ops", ["cli"], args),
  bench: (args) => runProgram("bench", parts, args),
  lab: (args) => runProgram("tests/lab", [], args),
};

/** Runs one of the project's commands and returns its exit code. */
export async function main(verb: string | undefined, args: string[]): Promise<number> {
  process.on("SIGINT", () => stop("SIGINT", 130)).on("SIGTERM", () => stop("SIGTERM", 143));
  const run = verb === undefined ? undefined : verbs[verb];
  if (!run) {
    say(
      `There is no command "${verb ?? ""}". The commands are: ${Object.keys(verbs)
        .map((name) => `npm run ${name}`)
        .join(", ")}.`,
    );
    return 2;
  }
  try {
    return await run(args);
  } catch (error) {
    say(reason(error));
    if (process.env.PGHA_DEBUG && error instanceof Error) say(error.stack ?? "");
    return 1;
  }
}

function stop(signal: NodeJS.Signals, code: number): void {
  endChildren(signal);
  say("Interrupted. Nothing half-done is kept; run the command again to go on.");
  process.exit(code);
}

// Programs with a main.ts of their own; they reach the stack's outputs by the same CLI and home.
async function runProgram(
  folder: string,
  needed: readonly Part[],
  args: string[],
): Promise<number> {
  const file = join(root, folder, "main.ts");
  if (!existsSync(file))
    throw new Error(
      `${file} is missing: this clone has no "${folder}" yet, or is not whole ("git status" tells).`,
    );
  await ensure(needed);
  Object.assign(process.env, pulumiEnv(), { PGHA_PULUMI: tools("bin", "pulumi") });
  process.argv = [process.execPath, file, ...args];
  const { load } = createRequire(file)(join(root, "setup", "load.cjs")) as Loader;
  const program = load(`${folder}/main.ts`) as { main?: Verb };
  if (typeof program.main !== "function")
    throw new Error(`${file} exports no function "main(args)": nothing to run.`);
  return program.main(args);
}
