/** The stack of another project that uses the cluster by its outputs: examples/consumer. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Ended } from "../../harness/longRun";
import { query } from "../../harness/dialler";
import { checkout } from "./checkout";
import { aside } from "./cluster";
import { command } from "./commands";
import { cluster } from "./identity";

const CONSUMER = "examples/consumer";

/** A command of Pulumi on that stack, however it ends. */
export function consumer(...args: string[]): Promise<Ended> {
  return command("pulumi", ["-C", CONSUMER, ...args, "--stack", cluster, "--non-interactive"]);
}

/** Makes the stack; nothing is made by it yet. */
export async function makeConsumer(): Promise<void> {
  const config = { "consumer:cluster": `organization/postgres-ha/${cluster}` };
  writeFileSync(join(checkout, CONSUMER, `Pulumi.${cluster}.yaml`), stringify({ config }));
  await must("stack", "init");
}

/** Removes the stack, and what its program has left in the database. */
export async function removeConsumer(): Promise<void> {
  await must("destroy", "--yes", "--remove");
  await query(aside(), "DROP TABLE IF EXISTS consumer_visits");
}

async function must(...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await consumer(...args);
  if (code !== 0)
    throw new Error(`consumer: ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
}
