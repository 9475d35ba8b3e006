import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { query } from "../harness/dialler";
import {
  aside,
  healthy,
  members,
  outputs,
  psql,
  refreshOutputs,
  useCluster,
} from "./stack/cluster";
import { command, down, ops, previewClean, up } from "./stack/commands";
import { hostNames } from "./stack/config";
import { killedUp } from "./stack/killedUp";
import { allContainers, volumesOf } from "./stack/hosts";
import { cluster, lab } from "./stack/identity";

useCluster();

/** Labels of the backups. */
const backups = async () => {
  const { stdout } = await ops(["backup", "--list"]);
  return stdout.match(/\b\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?\b/g) ?? [];
};
const system = async () =>
  (await members.status(await members.leader())).database_system_identifier;

it("is taken down with its data kept, which the next `up` adopts", async () => {
  const uri = outputs().connectionStrings.app?.primary ?? "";
  const before = { outputs: outputs(), system: await system() };
  const mark = `kept ${Date.now()}`;
  try {
    await query(aside(), `CREATE TABLE kept AS SELECT '${mark}'::text AS mark`);
    const labels = await backups();
    const running = await allContainers();
    // Plain Pulumi is stopped by the protection, before it has removed anything.
    const plain = await command("pulumi", ["destroy", "--yes", "--stack", cluster]);
    expect(plain.code).not.toBe(0);
    expect(`${plain.stdout}${plain.stderr}`).toMatch(/protect/);
    expect(await allContainers()).toEqual(running);

    await down();
    expect(await allContainers()).toEqual({});
    for (const name of hostNames())
      for (const part of ["postgres", "consul"])
        expect(await volumesOf(name)).toContain(`${cluster}-${name}-${part}-1-data`);
    expect(await volumesOf("pg1")).toContain(`${cluster}-pg1-backup-1-data`);

    // As a first `up` that dies: nothing is there but data.
    const made = new RegExp(`Container ${cluster}-pg2-postgres-1 creat`);
    await killedUp({}, (running) => running.line(made), 500);

    // All at once: sshd's limits, which are those of its own defaults, have to hold.
    const { seconds } = await up({}, { env: { PULUMI_PARALLEL: "64" } });
    console.log("up with old data:", seconds, "s");
    for (const host of lab.places())
      expect(readFileSync(host.log, "utf8")).not.toMatch(
        /MaxStartups|drop connection|no more sessions/,
      );
    await healthy();
    const said = await psql(uri, "SELECT mark FROM kept");
    expect(said.stdout.trim(), said.stderr).toBe(mark);
    expect(await system()).toBe(before.system);
    expect(labels.length).toBeGreaterThan(0);
    expect(await backups()).toEqual(expect.arrayContaining(labels));
    expect(await refreshOutputs()).toEqual(before.outputs);
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
  } finally {
    if (Object.keys(await allContainers()).length < 20) await up();
    await healthy();
    await query(aside(), "DROP TABLE IF EXISTS kept");
  }
}, 900_000);
