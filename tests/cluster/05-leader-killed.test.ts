import { expect, it } from "vitest";
import { eventually } from "../harness/wait";
import { isRunning, kill, start } from "./harness/docker";
import { healthy, leader } from "./harness/members";
import { previewClean } from "./harness/pulumi";
import { Writer } from "./harness/writer";

it("loses no acknowledged row when the leader's container is killed, and it comes back as a replica", async () => {
  await healthy();
  const writer = await Writer.start("pooledPrimary");
  const old = await leader();
  try {
    await kill(old.container);
    const killed = Date.now();
    const other = await eventually("another leader", 60, async () => {
      const now = await leader();
      return now.name === old.name ? undefined : now;
    });
    await writer.goesOn(Math.max(killed, Date.now()), 60 - (Date.now() - killed) / 1000);
    // Docker does not start again what was killed by its own command.
    expect(await isRunning(old.container)).toBe(false);
    await start(old.container);
    await healthy();
    expect((await leader()).name).toBe(other.name);
    // Who leads is nobody's drift: after a failover there is nothing to do.
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
    const outage = await writer.stop();
    console.log("outage", outage, "ms;", writer.counts());
    expect(await writer.verify()).toEqual([]);
    expect(writer.counts().acknowledged).toBeGreaterThan(10);
    expect(outage).toBeLessThan(60_000);
  } finally {
    await writer.stop();
    await start(old.container);
    await healthy();
    await writer.clear();
  }
}, 240_000);
