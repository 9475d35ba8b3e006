import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { query } from "../harness/dialler";
import { checkout } from "./stack/checkout";
import { aside, healthy, members, otherLeader, useCluster } from "./stack/cluster";
import { command } from "./stack/commands";
import { docker } from "./stack/hosts";
import { cluster } from "./stack/identity";

useCluster();

const CONSUMER = "examples/consumer";
const consumer = (...args: string[]) =>
  command("pulumi", ["-C", CONSUMER, ...args, "--stack", cluster, "--non-interactive"]);

describe("a stack of another project that uses the cluster", () => {
  beforeAll(async () => {
    const config = { "consumer:cluster": `organization/postgres-ha/${cluster}` };
    writeFileSync(join(checkout, CONSUMER, `Pulumi.${cluster}.yaml`), stringify({ config }));
    const made = await consumer("stack", "init");
    expect(made.code, made.stderr).toBe(0);
  }, 120_000);

  afterAll(async () => {
    const gone = await consumer("destroy", "--yes", "--remove");
    expect(gone.code, gone.stderr).toBe(0);
    await query(aside(), "DROP TABLE IF EXISTS consumer_visits");
  }, 120_000);

  it("has its update go on where a failover came after its preview", async () => {
    const preview = await consumer("preview");
    expect(preview.code, preview.stderr).toBe(0);
    const old = await members.leader();
    try {
      await docker(old.host.name, ["kill", old.container]);
      const next = await otherLeader(old);
      const update = await consumer("up", "--yes", "--skip-preview");
      expect(update.code, `${update.stdout}${update.stderr}`).toBe(0);
      const told = await consumer("stack", "output", "--json");
      expect(JSON.parse(told.stdout)).toMatchObject({
        currentDatabase: "app",
        inRecovery: false,
        rowsWritten: 1,
      });
      const count = "SELECT count(*) FROM consumer_visits";
      expect(await members.value(count, "app", next)).toBe("1");
    } finally {
      await docker(old.host.name, ["start", old.container]);
      await healthy();
    }
  }, 240_000);
});
