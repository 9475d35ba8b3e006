/** `npm run lab -- VERB ...`: several Docker hosts on one machine, to try the prod stack on. */
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { describe } from "../../control/errors";
import { attached } from "../../setup/process";
import { entering } from "./harness/host";
import { Lab } from "./harness/lab";
import { MOST_HOSTS } from "./harness/place";

const USAGE_ERROR = 2;
type Act = (lab: Lab, host: string) => Promise<void>;

const ACTS: Record<string, [description: string, act: Act]> = {
  cut: ["pull a host's network cable", (lab, host) => lab.cut(host)],
  heal: ["plug it in again", (lab, host) => lab.heal(host)],
  "power-off": ["cut a host's power", (lab, host) => lab.powerOff(host)],
  "power-on": ["power it on, with the disk that it had", (lab, host) => lab.powerOn(host)],
  replace: ["put an empty machine in a host's place", (lab, host) => lab.replace(host)],
};

/** Runs one verb and returns its exit code; called by setup. */
export async function main(args: string[]): Promise<number> {
  let code = 0;
  const lab = new Lab();
  const program = buildProgram(lab, (ended) => (code = ended));
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
    process.stderr.write(`${describe(error)}\n`);
    return 1;
  }
}

function buildProgram(lab: Lab, end: (code: number) => void): Command {
  const program = new Command("lab")
    .usage("VERB [options]")
    .description("Several Docker hosts on this machine, reached by ssh. Needs root on Linux.")
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError("(npm run lab -- --help lists the verbs)");
  program
    .command("up")
    .description("bring hosts up; those that run are left alone")
    .option("--hosts <number>", "how many; as many as there are, 3 at first", hostCount)
    .action(async ({ hosts }: { hosts?: number }) => {
      await lab.up(hosts);
      await show(lab);
    });
  program
    .command("down")
    .description("remove all of it, whatever is there")
    .action(() => lab.down());
  program
    .command("status")
    .description("state of each host, and how to reach it")
    .action(() => show(lab));
  program
    .command("exec <host> <command...>")
    .description("run a command in a host, as root")
    .passThroughOptions()
    .action(async (host: string, command: string[]) =>
      end(await attached("nsenter", [...entering(lab.host(host)), ...command])),
    );
  for (const [name, [description, act]] of Object.entries(ACTS))
    program
      .command(`${name} <host>`)
      .description(description)
      .action((host: string) => act(lab, host));
  return program;
}

async function show(lab: Lab): Promise<void> {
  const hosts = await lab.status();
  if (hosts.length === 0) return void process.stdout.write("The lab is down.\n");
  for (const { name, address, power, cable, engine } of hosts)
    process.stdout.write(
      `${[name.padEnd(6), address.padEnd(15), power.padEnd(4), cable.padEnd(8), engine].join(" ")}\n`,
    );
  process.stdout.write(
    `\nssh deploy@ADDRESS, with this in the environment:\n` +
      `  export SSH_AUTH_SOCK=${lab.environment().SSH_AUTH_SOCK}\n`,
  );
}

function hostCount(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= MOST_HOSTS) return value;
  throw new InvalidArgumentError(`"${text}" is not a number of hosts between 1 and ${MOST_HOSTS}.`);
}
