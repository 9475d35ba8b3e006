import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tree } from "../harness/stackFile";
import { untilNothing } from "../harness/wait";
import { Writers } from "../harness/writers";
import {
  aside,
  healthy,
  members,
  outputs,
  refreshOutputs,
  targets,
  useCluster,
} from "./stack/cluster";
import { previewClean, up } from "./stack/commands";
import { consumer, makeConsumer, removeConsumer } from "./stack/consumer";
import { ALL_PARTS, hostEntries, hostsWith } from "./stack/config";
import { lab } from "./stack/identity";
import { atLeast, entryOf, upWithout } from "./stack/shapes";
import { tracesOf } from "./stack/traces";

useCluster();

const LOST = "pg2";
const NEW = "pg4";
const SERVING = ALL_PARTS.filter((part) => part !== "consul");
const names = (of: "members" | "consul") => outputs().operations[of].map(({ host }) => host.name);

describe("a host with a vote in Consul that is dead for good", () => {
  let writers: Writers;
  const withNew = (hosts: Tree[], runs: readonly string[]) => ({
    hosts: [...hosts, entryOf(NEW, runs)],
  });

  beforeAll(async () => {
    await atLeast(4);
    await makeConsumer();
    const others = targets("pooledPrimary").filter(({ host }) => host !== lab.host(LOST).address);
    writers = await Writers.start(others, { clients: 4, table: aside() });
  }, 300_000);

  // Back on an empty machine: its vote first, then the other one's data goes.
  afterAll(async () => {
    await writers.stop();
    await lab.replace(LOST);
    await up(withNew(hostEntries(), SERVING));
    await upWithout({ hosts: hostEntries() });
    await lab.replace(NEW);
    await healthy();
    await writers.clear();
    await removeConsumer();
  }, 900_000);

  it("gives vote, member and endpoints to another host by one `up`, and leaves nothing", async () => {
    const [at, before] = [Date.now(), outputs()];
    await lab.powerOff(LOST);
    await writers.goesOn(at, 60);
    await members.leader();
    const { hosts } = hostsWith({ [LOST]: { state: "retired" } });
    const { seconds } = await up(withNew(hosts, ALL_PARTS));
    await refreshOutputs();
    await healthy();
    console.log("a dead host's parts on another one:", seconds, "s");
    for (const part of ["members", "consul"] as const)
      expect(names(part).sort()).toEqual(["pg1", "pg3", NEW]);
    await untilNothing(`nothing left of ${LOST}`, 60, () => tracesOf(LOST));
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
    await writers.goesOn(Date.now(), 15);
    // Who reads the outputs finds the same in them, at other places.
    const keys = (all: object) => Object.keys(all).sort();
    expect(keys(outputs())).toEqual(keys(before));
    expect(keys(outputs().endpoints)).toEqual(keys(before.endpoints));
    expect(outputs().endpoints.primary.map(({ host }) => host)).toContain(lab.host(NEW).address);
    const update = await consumer("up", "--yes", "--skip-preview");
    expect(update.code, `${update.stdout}${update.stderr}`).toBe(0);
    const figures = await writers.stop();
    console.log("a voter retired:", figures);
    expect(figures.acknowledged).toBeGreaterThan(100);
    expect(await writers.verify()).toEqual([]);
  }, 900_000);
});
