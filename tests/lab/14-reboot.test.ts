import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Readers } from "../harness/readers";
import { Writers } from "../harness/writers";
import { aside, healthy, outputs, targets, useCluster } from "./stack/cluster";
import { ops, previewClean, tryOps } from "./stack/commands";
import { containersOf, docker, logs } from "./stack/hosts";
import { lab } from "./stack/identity";
import { LEAST_PER_SECOND, MOST_STALL_MS } from "./stack/limits";

useCluster();

const HOSTS = ["pg1", "pg2", "pg3"];

/**
 * Clients connect by the list of endpoints of all hosts, as libpq does. Whose connection ends between
 * two transactions, because its host goes, connects to the next host: no transaction has failed.
 */
describe("a reboot of each host in turn, with maintenance on and off", () => {
  let writers: Writers;
  let readers: Readers;

  beforeAll(async () => {
    writers = await Writers.start(targets("pooledPrimary"), {
      ...{ clients: 28, everyMs: 100, table: aside() },
    });
    readers = new Readers(targets("pooledReplicas"), 6, 100);
  });

  afterAll(async () => {
    await Promise.all([writers.stop(), readers.stop()]);
    await lab.powerOn(...HOSTS);
    for (const host of HOSTS) await tryOps(["maintenance", host, "off"]);
    await healthy();
    await writers.clear();
  }, 400_000);

  it.each(HOSTS)(
    "moves everything away from %s, which comes back with it",
    async (host) => {
      const before = [...(await containersOf(host)).keys()].sort();
      expect(before.length).toBeGreaterThan(6);
      const { seconds } = await ops(["maintenance", host, "on"]);
      expect((await containersOf(host)).size).toBe(0);
      // Stopped in time, and PostgreSQL has written its last checkpoint.
      const format = "{{.Name}} ended with {{.State.ExitCode}}";
      expect(await docker(host, ["inspect", "--format", format, ...before])).not.toMatch(/ 137$/m);
      for (const { container, host: on } of outputs().operations.members)
        if (on.name === host)
          expect(await logs(host, container, "50")).toContain("database system is shut down");
      await lab.powerOff(host);
      await writers.goesOn(Date.now(), 15);
      await lab.powerOn(host);
      // They stay stopped over the reboot: the host is back only when somebody says so.
      expect((await containersOf(host)).size).toBe(0);
      const back = await ops(["maintenance", host, "off"]);
      expect([...(await containersOf(host)).keys()].sort()).toEqual(before);
      await healthy();
      await writers.goesOn(Date.now(), 15);
      console.log(`${host}: on ${seconds} s, off ${back.seconds} s`);
    },
    400_000,
  );

  it("has failed no transaction, and lost none", async () => {
    const [written, read] = [await writers.stop(), await readers.stop()];
    console.log("reboots: writers", written, "readers", read);
    expect(written).toMatchObject({ failed: 0, unknown: 0 });
    expect(read).toMatchObject({ failed: 0 });
    expect(written.perSecond).toBeGreaterThan(LEAST_PER_SECOND);
    expect(Math.max(written.stallMs, read.stallMs)).toBeLessThan(MOST_STALL_MS);
    expect(await writers.verify()).toEqual([]);
  });

  it("is nothing that a preview shows", async () => {
    expect(outputs().operations.members).toHaveLength(3);
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
  });
});
