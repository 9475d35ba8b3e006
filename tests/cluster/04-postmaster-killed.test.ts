import { expect, it } from "vitest";
import { inside } from "./harness/docker";
import { healthy, leader } from "./harness/members";
import { Writer } from "./harness/writer";

it("loses no acknowledged row when the leader's postmaster is killed, and writes come back", async () => {
  await healthy();
  const writer = await Writer.start("pooledPrimary");
  try {
    const { container } = await leader();
    const at = Date.now();
    await inside(container, [
      "sh",
      "-c",
      'kill -9 "$(head -n 1 /var/lib/postgresql/17/data/postmaster.pid)"',
    ]);
    await writer.goesOn(at + 1000, 60);
    await healthy();
    const outage = await writer.stop();
    console.log("outage", outage, "ms;", writer.counts());
    expect(await writer.verify()).toEqual([]);
    expect(writer.counts().acknowledged).toBeGreaterThan(10);
    expect(outage).toBeLessThan(60_000);
  } finally {
    await writer.stop();
    await healthy();
    await writer.clear();
  }
});
