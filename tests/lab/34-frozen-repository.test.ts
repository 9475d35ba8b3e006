import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Figures, Writers } from "../harness/writers";
import {
  aside,
  healthy,
  members,
  otherLeader,
  outputs,
  repository,
  targets,
  useCluster,
} from "./stack/cluster";
import { ops } from "./stack/commands";
import { docker, inspect } from "./stack/hosts";

useCluster();

/** A failover takes the 20 s of Patroni's ttl and what follows: it is not to wait for backups. */
const MOST_OUTAGE_MS = 45_000;
const MOST_STALL_MS = 20_000;

/** Writes while something is done, and sees that every acknowledged row is there. */
async function underWriters(work: (writers: Writers) => Promise<void>): Promise<Figures> {
  const writers = await Writers.start(targets("pooledPrimary"), { clients: 4, table: aside() });
  try {
    await writers.goesOn(Date.now(), 15);
    await work(writers);
    await writers.goesOn(Date.now(), 15);
    const figures = await writers.stop();
    expect(await writers.verify()).toEqual([]);
    return figures;
  } finally {
    await writers.stop();
    await writers.clear();
  }
}

/** It takes connections and never answers: the worst that can be in the way of a promotion. */
describe("a backup repository that is frozen", () => {
  beforeAll(async () => {
    const { host, container } = repository();
    // The host of the repository goes on to have an HAProxy and a standby.
    if ((await members.leader()).host.name === host.name) await ops(["switchover"]);
    await healthy();
    await docker(host.name, ["pause", container]);
  }, 180_000);

  afterAll(async () => {
    const { host, container } = repository();
    const state = await inspect({ host, container }, "{{.State.Status}}");
    if (state === "paused") await docker(host.name, ["unpause", container]);
    for (const member of outputs().operations.members)
      await docker(member.host.name, ["start", member.container]);
    await healthy();
  }, 300_000);

  it("does not hold up a switchover", async () => {
    const old = await members.leader();
    const figures = await underWriters(async (writers) => {
      await ops(["switchover"]);
      await otherLeader(old, 10);
      await writers.goesOn(Date.now(), 15);
    });
    console.log("switchover with a frozen repository:", figures);
    expect(figures).toMatchObject({ failed: 0, unknown: 0 });
    expect(figures.stallMs).toBeLessThan(MOST_STALL_MS);
  }, 180_000);

  it("does not hold up a failover", async () => {
    const old = await members.leader();
    const figures = await underWriters(async (writers) => {
      const at = Date.now();
      await docker(old.host.name, ["kill", old.container]);
      await otherLeader(old);
      await writers.goesOn(at, 60);
    });
    console.log("failover with a frozen repository:", figures);
    expect(figures.outageMs).toBeLessThan(MOST_OUTAGE_MS);
  }, 300_000);
});
