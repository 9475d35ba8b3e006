/** The Pulumi side: the project's own commands on a stack and a state of the bench's own. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { root } from "../setup/paths";
import { type Captured, capture } from "../setup/process";

const STACK = "bench";
/**
 * Runs what follows; the last line on stderr is what it took of the processors, with all that it
 * started and waited for: shared connections of ssh, which outlive it, are left out.
 */
const TIMED =
  'TIMEFORMAT="processor %U %S"; trap \'kill "$!"\' TERM INT; time { "$@" & wait "$!"; }';
/** What a person may have set for Pulumi, and what this very command was given: not the bench's. */
const FOREIGN = [
  "PULUMI_HOME",
  "PULUMI_BACKEND_URL",
  "PULUMI_ACCESS_TOKEN",
  "PULUMI_CONFIG_PASSPHRASE",
  "PULUMI_CONFIG_PASSPHRASE_FILE",
  "PULUMI_STACK",
];

/** A stack that is made in a folder and runs like any other, by `npm run pulumi`'s program. */
export class BenchStack {
  /** Seconds of processor that the last command took, with all that it started and waited for. */
  processorSeconds = 0;
  private readonly env: NodeJS.ProcessEnv;
  private readonly configFile: string;

  /** @param more added to the environment of each command */
  constructor(
    folder: string,
    private readonly more: () => NodeJS.ProcessEnv = () => ({}),
  ) {
    const foreign = new Set(FOREIGN);
    const own = Object.entries(process.env).filter(([name]) => !foreign.has(name));
    this.env = { ...Object.fromEntries(own), PGHA_STATE: join(folder, "state") };
    this.configFile = join(folder, "state", "stacks", "postgres-ha", `Pulumi.${STACK}.yaml`);
  }

  /** Makes the stack, empty, with this config. */
  async create(config: Record<string, unknown>): Promise<void> {
    mkdirSync(join(this.configFile, ".."), { recursive: true });
    await this.must(["stack", "init", STACK, "--non-interactive"]);
    const made = parse(readFileSync(this.configFile, "utf8")) as object;
    writeFileSync(this.configFile, stringify({ ...made, config }));
  }

  /** `pulumi up`, as `npm run up` calls it. */
  up(): Promise<void> {
    return this.onProgram("up", ["--yes", "--skip-preview"]);
  }

  /** The same again, which must find nothing to do. */
  upUnchanged(): Promise<void> {
    return this.onProgram("up", ["--yes", "--skip-preview", "--expect-no-changes"]);
  }

  /** `pulumi preview`, which must see nothing to do. */
  preview(): Promise<void> {
    return this.onProgram("preview", ["--expect-no-changes"]);
  }

  /** `pulumi destroy`. */
  destroy(): Promise<void> {
    return this.onProgram("destroy", ["--yes"]);
  }

  /** The state as text, secrets in the clear; it is not written anywhere. */
  async export(): Promise<string> {
    const words = ["stack", "export", "--show-secrets", "--stack", STACK];
    return (await this.must(words)).stdout;
  }

  private async onProgram(verb: string, flags: readonly string[]): Promise<void> {
    await this.must([verb, "--stack", STACK, "--config-file", this.configFile, ...flags]);
  }

  private async must(args: readonly string[]): Promise<Captured> {
    const script = join(root, "setup", "run.mjs");
    const argv = [process.execPath, script, "pulumi", ...args];
    const ran = await capture("bash", ["-c", TIMED, "bash", ...argv], {
      cwd: root,
      env: { ...this.env, ...this.more(), LC_ALL: "C" }, // a point in the numbers
    });
    if (ran.code === 0) {
      this.processorSeconds = processorSecondsIn(ran.stderr);
      return ran;
    }
    const said = `${ran.stdout}\n${ran.stderr}`.trim().split("\n").slice(-40).join("\n");
    throw new Error(`"pulumi ${args[0] ?? ""}" of the bench ended with ${ran.code}:\n${said}`);
  }
}

/** Seconds of a line `processor USER SYSTEM`, the last one; pure. */
export function processorSecondsIn(text: string): number {
  const [, user, system] = [...text.matchAll(/^processor ([\d.]+) ([\d.]+)$/gm)].at(-1) ?? [];
  if (user === undefined) throw new Error("bench: the shell did not say what a command took");
  return Number(user) + Number(system);
}
