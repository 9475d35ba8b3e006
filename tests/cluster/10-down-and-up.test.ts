import { expect, it } from "vitest";
import { freshOutputs, outputs } from "./harness/context";
import { ownContainers, ownVolumes } from "./harness/docker";
import { healthy, leader, status, value } from "./harness/members";
import { down, up } from "./harness/pulumi";
import { psqlOk, withCa } from "./harness/sql";

const system = async () => (await status(await leader())).database_system_identifier;

it("has the old data, passwords and certificates after `down` and `up`", async () => {
  await healthy();
  const before = {
    uri: outputs().connectionStrings.app?.primary ?? "",
    ca: outputs().caCertificate,
    system: await system(),
  };
  const mark = `kept ${Date.now()}`;
  try {
    await psqlOk(withCa(before.uri), `CREATE TABLE kept AS SELECT '${mark}' AS mark`);
    await down();
    expect(await ownContainers()).toEqual([]);
    const data = (await ownVolumes()).filter((name) => name.endsWith("-data"));
    expect(data.filter((name) => name.includes("-postgres-"))).toHaveLength(3);
    expect(data.filter((name) => name.includes("-consul-"))).toHaveLength(3);
    expect(data.filter((name) => name.includes("-backup-"))).toHaveLength(1);

    await up();
    await healthy(30);
    // The very string, and the very authority, of before.
    expect(await psqlOk(withCa(before.uri), "SELECT mark FROM kept")).toBe(mark);
    const now = await freshOutputs();
    expect(now.caCertificate).toBe(before.ca);
    expect(now).toEqual(outputs());
    expect(await system()).toBe(before.system);
  } finally {
    if ((await ownContainers()).length === 0) await up();
    await healthy();
    await value("DROP TABLE IF EXISTS kept; SELECT 1", "app");
  }
}, 400_000);
