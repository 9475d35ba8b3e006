import { expect, it } from "vitest";
import { first } from "../harness/outputs";
import { eventually } from "../harness/wait";
import { idOf, inside, ownContainers } from "./harness/docker";
import { healthy, leader, replicas } from "./harness/members";
import { previewClean, upUnchanged } from "./harness/pulumi";

const ids = async () =>
  Promise.all((await ownContainers()).sort().map(async (name) => `${name} ${await idOf(name)}`));

it("changes nothing in a second `up`, nor after a switchover", async () => {
  await healthy();
  const before = await ids();
  const { code, stdout } = await upUnchanged();
  expect(code, stdout).toBe(0);

  const old = await leader();
  const next = first(await replicas());
  try {
    await inside(old.container, [
      "patronictl",
      "switchover",
      "--leader",
      old.name,
      "--candidate",
      next.name,
      "--force",
    ]);
    await eventually(`${next.name} leads`, 60, async () =>
      (await leader()).name === next.name ? true : undefined,
    );
    await healthy();
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
    expect(await ids()).toEqual(before);
  } finally {
    await healthy();
  }
}, 240_000);
