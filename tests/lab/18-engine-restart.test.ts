import { expect, it } from "vitest";
import { first } from "../harness/outputs";
import { untilNothing } from "../harness/wait";
import { Writers } from "../harness/writers";
import { aside, healthy, members, targets, useCluster } from "./stack/cluster";
import { previewClean } from "./stack/commands";
import { allContainers } from "./stack/hosts";
import { lab } from "./stack/identity";

useCluster();

it("comes through a restart of the engine of the leader's host, and a preview shows nothing", async () => {
  const writers = await Writers.start(targets("pooledPrimary"), { clients: 4, table: aside() });
  try {
    const before = await allContainers();
    const { host } = await members.leader();
    const at = Date.now();
    await lab.restartEngine(host.name);
    await writers.goesOn(at, 60);
    await healthy();
    expect(await allContainers()).toEqual(before);
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
    console.log("engine restarted:", await writers.stop());
    expect(await writers.verify()).toEqual([]);
  } finally {
    await writers.stop();
    await healthy();
    await writers.clear();
  }
}, 400_000);

it("comes through a reboot of a host that nobody announced, and a preview shows nothing", async () => {
  const before = await allContainers();
  const { host } = first(await members.replicas());
  await lab.reboot(host.name);
  await untilNothing("its containers back", 60, async () => {
    const now = await allContainers();
    return Object.keys(before).filter((name) => now[name] !== before[name]);
  });
  await healthy();
  const clean = await previewClean();
  expect(clean.code, clean.stdout).toBe(0);
}, 300_000);
