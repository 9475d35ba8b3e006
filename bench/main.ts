/** `npm run bench -- WHAT`: figures, side by side with what people would use otherwise. */
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { bringUp, type BringUpOptions } from "./bringUp";
import { hosts, type HostsOptions } from "./hosts";

const USAGE_ERROR = 2;

/** Runs one bench and returns its exit code; called by setup. */
export async function main(args: string[]): Promise<number> {
  let code = 0;
  const program = new Command("bench").usage("WHAT [options]").exitOverride();
  program
    .command("bring-up")
    .description("time and memory from nothing to a cluster, beside docker compose")
    .option("--rounds <number>", "how often", roundCount, 3)
    .option("--json", "print every value as JSON")
    .action(async (options: BringUpOptions) => {
      code = await bringUp(options);
    });
  program
    .command("hosts")
    .description("from nothing to a cluster on several Docker hosts, by their number; needs root")
    .option(
      "--hosts <numbers>",
      "how many hosts, the first is what others are compared with",
      counts,
      [3, 5],
    )
    .option("--rounds <number>", "how often", roundCount, 1)
    .option("--json", "print every value as JSON")
    .action(async (options: HostsOptions) => {
      code = await hosts(options);
    });
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
    throw error;
  }
}

function counts(text: string): number[] {
  const values = text.split(",").map(Number);
  if (values.every((value) => Number.isInteger(value) && value % 2 === 1 && value <= 7))
    return values;
  throw new InvalidArgumentError(
    `"${text}" is no list of odd numbers up to 7, as 3,5: each host has a Consul server.`,
  );
}

function roundCount(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100) return value;
  throw new InvalidArgumentError(`"${text}" is not a number of rounds between 1 and 100.`);
}
