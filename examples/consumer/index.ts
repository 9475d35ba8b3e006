/** Uses a cluster that another stack made: reads its outputs, writes a row and reads it back. */
import * as pulumi from "@pulumi/pulumi";
import { clusterFrom } from "./cluster";
import { type Seen, useDatabase } from "./useDatabase";

const config = new pulumi.Config();
const reference = new pulumi.StackReference(
  config.get("cluster") ?? "organization/postgres-ha/dev",
);
const database = config.get("database") ?? "app";
const user = config.get("user") ?? "app";

const seen = pulumi
  .all({
    caCertificate: reference.requireOutput("caCertificate"),
    endpoints: reference.requireOutput("endpoints"),
    credentials: reference.requireOutput("credentials"),
  })
  .apply((outputs: unknown) => pulumi.output(use(outputs)));

/** A preview changes nothing, so it does not connect: what would be seen is not known yet. */
async function use(outputs: unknown): Promise<Seen> {
  try {
    const cluster = clusterFrom(outputs);
    if (pulumi.runtime.isDryRun()) return pulumi.unknown as unknown as Seen;
    return await useDatabase(cluster, { user, database, writer: pulumi.getStack() });
  } catch (error) {
    // Shown without a stack trace: what it says is for who runs `up`.
    throw new pulumi.RunError((error as Error).message);
  }
}

// The password made all of it secret; what was seen holds none of it.
const shown = pulumi.unsecret(seen);
export const serverVersion = shown.apply((one) => one.serverVersion);
export const currentDatabase = shown.apply((one) => one.currentDatabase);
export const inRecovery = shown.apply((one) => one.inRecovery);
export const rowsWritten = shown.apply((one) => one.rowsWritten);
