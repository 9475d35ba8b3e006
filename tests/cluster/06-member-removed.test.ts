import { expect, it } from "vitest";
import { first } from "../harness/outputs";
import { idOf, inside, ownContainers, remove } from "./harness/docker";
import { healthy, leader, replicas, status, value } from "./harness/members";
import { preview, previewClean, up } from "./harness/pulumi";

const DATA = "/var/lib/postgresql/17/data";

it("shows a member's container that was removed, and brings it back with its data", async () => {
  await healthy();
  const member = first(await replicas());
  const others = [await leader(), ...(await replicas()).slice(1)];
  const ids = await Promise.all(others.map(({ container }) => idOf(container)));
  const { database_system_identifier: system } = await status(member);
  // A new base backup, by whichever way, makes a new file of this one.
  const file = () =>
    inside(member.container, ["stat", "--format", "%i %W %Y", `${DATA}/PG_VERSION`]);
  const before = await file();
  try {
    await value(
      "CREATE TABLE IF NOT EXISTS removed_member (n int); INSERT INTO removed_member VALUES (1); SELECT 1",
      "app",
    );
    await remove(member.container);
    const planned = await preview();
    const found = planned.find(
      ({ name, type }) => name === member.container && /docker.*Container/.test(type),
    );
    expect(found?.op, JSON.stringify(planned)).toBe("create");
    await up();
    await healthy(30);
    expect(await file()).toBe(before);
    expect((await status(member)).database_system_identifier).toBe(system);
    expect(
      Number(await value("SELECT count(*) FROM removed_member", "app", member)),
    ).toBeGreaterThan(0);
    // Nobody else was touched.
    expect(await Promise.all(others.map(({ container }) => idOf(container)))).toEqual(ids);
    expect((await previewClean()).code).toBe(0);
  } finally {
    if (!(await ownContainers()).includes(member.container)) await up();
    await healthy();
    await value("DROP TABLE IF EXISTS removed_member; SELECT 1", "app");
  }
}, 240_000);
