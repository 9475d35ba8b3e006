import { describe, expect, it } from "vitest";
import { query } from "../harness/dialler";
import { first } from "../harness/outputs";
import { untilNothing } from "../harness/wait";
import { Writers } from "../harness/writers";
import {
  healthy,
  members,
  otherLeader,
  outputs,
  refreshOutputs,
  status,
  targets,
  useCluster,
} from "./stack/cluster";
import { ops, previewClean, up } from "./stack/commands";
import { hostEntries } from "./stack/config";
import { containersOf } from "./stack/hosts";
import { cluster, lab } from "./stack/identity";

useCluster();

const MARK = "before_the_loss";
const backup = async () => (await status()).backup;

describe("an empty machine in the place of the leader's", () => {
  // The second one has the repository, and all backups are lost with it.
  it.each(["pg2", "pg1"])(
    "is rebuilt as a replica by one `up`: %s",
    async (host) => {
      const member = `${cluster}-${host}-postgres-1`;
      if ((await members.leader()).name !== member) await ops(["switchover", "--to", member]);
      await healthy();
      const leader = await members.leader();
      const system = (await members.status(leader)).database_system_identifier;
      const before = (await containersOf(host)).size;
      const others = targets("pooledPrimary").filter((one) => one.host !== lab.host(host).address);
      const table = first(others);
      await query(table, `CREATE TABLE ${MARK} AS SELECT 42 AS n`);
      const writers = await Writers.start(others, { clients: 4, table });
      try {
        const at = Date.now();
        await lab.replace(host);
        await otherLeader(leader);
        await writers.goesOn(at, 60);

        // The stack file gets the key of the new machine: all that a person changes.
        const { seconds } = await up({ hosts: hostEntries() });
        await refreshOutputs();
        await healthy();
        console.log("a new machine taken in:", seconds, "s");
        const rebuilt = first(outputs().operations.members.filter(({ name }) => name === member));
        expect((await members.leader()).name).not.toBe(member);
        expect((await members.status(rebuilt)).database_system_identifier).toBe(system);
        expect(await members.value(`SELECT n FROM ${MARK}`, "app", rebuilt)).toBe("42");
        expect((await containersOf(host)).size).toBe(before);
        // There is something to restore, and WAL goes there.
        const since = host === "pg1" ? at / 1000 : 0;
        await untilNothing("a backup that is there", 120, async () => {
          const found = await backup();
          return (found?.last?.stop ?? 0) > since ? [] : [JSON.stringify(found)];
        });
        expect(await backup()).toMatchObject({ error: null, archive: { failing: false } });
        const clean = await previewClean();
        expect(clean.code, clean.stdout).toBe(0);

        console.log("a host replaced:", await writers.stop());
        expect(await writers.verify()).toEqual([]);
      } finally {
        await writers.stop();
        await healthy();
        await writers.clear();
        await query(table, `DROP TABLE IF EXISTS ${MARK}`);
      }
    },
    900_000,
  );
});
