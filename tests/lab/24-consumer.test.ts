import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { healthy, members, otherLeader, useCluster } from "./stack/cluster";
import { consumer, makeConsumer, removeConsumer } from "./stack/consumer";
import { docker } from "./stack/hosts";

useCluster();

describe("a stack of another project that uses the cluster", () => {
  beforeAll(() => makeConsumer(), 120_000);

  afterAll(() => removeConsumer(), 120_000);

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
