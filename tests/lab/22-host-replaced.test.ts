import { expect, it } from "vitest";
import { query } from "../harness/dialler";
import { first } from "../harness/outputs";
import { Writers } from "../harness/writers";
import {
  aside,
  healthy,
  members,
  otherLeader,
  outputs,
  refreshOutputs,
  targets,
  useCluster,
} from "./stack/cluster";
import { ops, previewClean, up } from "./stack/commands";
import { hostEntries } from "./stack/config";
import { containersOf } from "./stack/hosts";
import { cluster, lab } from "./stack/identity";

useCluster();

const HOST = "pg2";
const MEMBER = `${cluster}-${HOST}-postgres-1`;
const MARK = "before_the_loss";

it("has an empty machine in the place of the leader's rebuilt as a replica by one `up`", async () => {
  const old = await members.leader();
  if (old.name !== MEMBER) await ops(["switchover", "--to", MEMBER]);
  await healthy();
  const leader = await members.leader();
  const system = (await members.status(leader)).database_system_identifier;
  await query(aside(), `CREATE TABLE ${MARK} AS SELECT 42 AS n`);
  const others = targets("pooledPrimary").filter(({ host }) => host !== lab.host(HOST).address);
  const writers = await Writers.start(others, { clients: 4, table: first(others) });
  try {
    const at = Date.now();
    await lab.replace(HOST);
    await otherLeader(leader);
    await writers.goesOn(at, 60);

    // The stack file gets the key of the new machine: all that a person changes.
    const { seconds } = await up({ hosts: hostEntries() });
    await refreshOutputs();
    await healthy();
    console.log("a new machine taken in:", seconds, "s");
    const rebuilt = first(outputs().operations.members.filter(({ name }) => name === MEMBER));
    expect((await members.leader()).name).not.toBe(MEMBER);
    expect((await members.status(rebuilt)).database_system_identifier).toBe(system);
    expect(await members.value(`SELECT n FROM ${MARK}`, "app", rebuilt)).toBe("42");
    expect((await containersOf(HOST)).size).toBe((await containersOf("pg3")).size);
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);

    console.log("a host replaced:", await writers.stop());
    expect(await writers.verify()).toEqual([]);
  } finally {
    await writers.stop();
    await healthy();
    await writers.clear();
    await query(aside(), `DROP TABLE IF EXISTS ${MARK}`);
  }
}, 900_000);
