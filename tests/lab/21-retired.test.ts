import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { untilNothing } from "../harness/wait";
import { Writers } from "../harness/writers";
import { aside, healthy, outputs, refreshOutputs, targets, useCluster } from "./stack/cluster";
import { previewClean, tryPreview, up } from "./stack/commands";
import { hostEntries } from "./stack/config";
import { lab } from "./stack/identity";
import { atLeast, entryOf } from "./stack/shapes";
import { tracesOf } from "./stack/traces";

useCluster();

const HOST = "pg4";
const RUNS = ["postgres", "haproxy", "pgbouncer"];

describe("a host that is dead for good, with `state: retired`", () => {
  let writers: Writers;

  beforeAll(async () => {
    await atLeast(4);
    await up({ hosts: [...hostEntries(), entryOf(HOST, RUNS)] });
    await refreshOutputs();
    await healthy();
    expect(outputs().operations.members).toHaveLength(4);
    writers = await Writers.start(targets("pooledPrimary").slice(0, 3), {
      ...{ clients: 4, table: aside() },
    });
    await lab.powerOff(HOST);
  }, 900_000);

  afterAll(async () => {
    await writers.stop();
    await up({ hosts: hostEntries() });
    await refreshOutputs();
    // What is on its disk is of a cluster that knows it no more.
    await lab.replace(HOST);
    await healthy();
    await writers.clear();
  }, 900_000);

  it("is shown as going by a preview, without reaching it", async () => {
    const retired = { hosts: [...hostEntries(), entryOf(HOST, RUNS, { state: "retired" })] };
    const { code, stdout, stderr, seconds } = await tryPreview(retired);
    expect(code, `${stdout}${stderr}`).toBe(0);
    expect(`${stdout}${stderr}`).toContain(`Host ${HOST} is retired: what ran there`);
    expect(seconds).toBeLessThan(60);
  }, 120_000);

  it("leaves the cluster by one `up`, and nothing of itself", async () => {
    await up();
    await refreshOutputs();
    await healthy();
    expect(outputs().operations.members.map(({ host }) => host.name)).toEqual([
      "pg1",
      "pg2",
      "pg3",
    ]);
    for (const list of Object.values(outputs().endpoints)) expect(list).toHaveLength(3);
    await untilNothing(`nothing left of ${HOST}`, 60, () => tracesOf(HOST));
    await writers.goesOn(Date.now(), 15);
  }, 600_000);

  it("is nothing that a preview shows, with its entry and without", async () => {
    for (const patch of [{}, { hosts: hostEntries() }]) {
      await up(patch);
      const clean = await previewClean();
      expect(clean.code, clean.stdout).toBe(0);
    }
    await writers.stop();
    expect(await writers.verify()).toEqual([]);
  }, 600_000);
});
