import { expect, it } from "vitest";
import { outputs } from "./harness/context";
import { healthy, status, value } from "./harness/members";
import { up } from "./harness/pulumi";
import { Writer } from "./harness/writer";

const members = () => outputs().operations.members;
const started = () =>
  Promise.all(members().map(async (member) => (await status(member)).postmaster_start_time));
const live = (name: string) =>
  Promise.all(members().map((member) => value(`SHOW ${name}`, "postgres", member)));
const set = (parameters: Record<string, unknown>) => up({ postgres: { parameters } });

it("reloads where PostgreSQL can, restarts in turn where it must, and loses no acknowledged row", async () => {
  await healthy();
  expect(await live("work_mem")).toEqual(["4MB", "4MB", "4MB"]);
  let undone = false;
  const writer = await Writer.start("pooledPrimary");
  try {
    const before = await started();
    await set({ work_mem: "5MB" });
    expect(await live("work_mem")).toEqual(["5MB", "5MB", "5MB"]);
    expect(await started()).toEqual(before);

    // Standbys may have no less of this one than the leader: the order of the restarts counts.
    await set({ max_locks_per_transaction: 96 });
    expect(await live("max_locks_per_transaction")).toEqual(["96", "96", "96"]);
    const after = await started();
    for (const [index, time] of after.entries()) expect(time).not.toBe(before[index]);
    await healthy(30);
    await writer.goesOn(Date.now(), 30);

    await set({ work_mem: "4MB", max_locks_per_transaction: undefined });
    expect(await live("work_mem")).toEqual(["4MB", "4MB", "4MB"]);
    expect(await live("max_locks_per_transaction")).toEqual(["64", "64", "64"]);
    undone = true;
    await writer.goesOn(Date.now(), 30);

    const outage = await writer.stop();
    console.log("longest outage", outage, "ms;", writer.counts());
    expect(await writer.verify()).toEqual([]);
    expect(outage).toBeLessThan(30_000);
  } finally {
    await writer.stop();
    if (!undone) await set({ work_mem: "4MB", max_locks_per_transaction: undefined });
    await healthy();
    await writer.clear();
  }
}, 400_000);
