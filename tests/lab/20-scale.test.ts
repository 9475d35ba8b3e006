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
import { ops, previewClean, tryPreview, up } from "./stack/commands";
import { stackFile } from "./stack/checkout";
import { ALL_PARTS, hostEntries, hostsWith } from "./stack/config";
import { cluster } from "./stack/identity";
import { killedUp } from "./stack/killedUp";
import { MOST_STALL_MS } from "./stack/limits";
import { atLeast, entryOf, upWithout } from "./stack/shapes";
import { tracesOf } from "./stack/traces";

useCluster();

const SERVING = ALL_PARTS.filter((part) => part !== "consul");
const hosts = (...more: Tree[]) => ({ hosts: [...hostEntries(), ...more] });
const names = () => outputs().operations.members.map(({ host }) => host.name);
const servers = () => outputs().operations.consul.map(({ host }) => host.name);

/** Where a member with a vote is known while it is one. */
const PLACES = [
  "Consul's nodes",
  "Consul's services",
  "Consul's raft",
  "Consul's policies",
  "Consul's tokens",
  "Patroni's keys",
  "Patroni's members",
  "replication slots",
  "replication senders",
  "HAProxy's servers of primary",
  "HAProxy's servers of replicas",
  "resources on record, certificates and passwords among them",
  "the repository's configuration",
];

async function clean(): Promise<void> {
  await healthy();
  const { code, stdout } = await previewClean();
  expect(code, stdout).toBe(0);
}
const gone = (host: string) => untilNothing(`nothing left of ${host}`, 60, () => tracesOf(host));

/** The clients stay with the three hosts that are there from the begin to the end. */
describe("members 3, 4, 5, 4, 3 and Consul servers 3, 5, 3, under load", () => {
  let writers: Writers;

  beforeAll(async () => {
    await atLeast(5);
    writers = await Writers.start(targets("pooledPrimary"), {
      ...{ clients: 10, everyMs: 100, table: aside() },
    });
  }, 180_000);

  afterAll(async () => {
    await writers.stop();
    await upWithout({ hosts: hostEntries() });
    await healthy();
    await writers.clear();
  }, 900_000);

  it("gets a fourth member, with an HAProxy and a PgBouncer", async () => {
    const pg4 = hosts(entryOf("pg4", SERVING));
    // Killed on the way (-9, with its plugins): while the new member copies the data.
    const made = new RegExp(`Container ${cluster}-pg4-postgres-1 created`);
    await killedUp(pg4, (running) => running.line(made), 1000);
    await writers.goesOn(Date.now(), 15);
    await up();
    await refreshOutputs();
    await clean();
    expect(names()).toEqual(["pg1", "pg2", "pg3", "pg4"]);
    expect(outputs().endpoints.pooledPrimary).toHaveLength(4);
    await writers.goesOn(Date.now(), 15);
  }, 600_000);

  it("gets a fifth, and two more Consul servers", async () => {
    const { stdout, stderr } = await up(
      hosts(entryOf("pg4", ALL_PARTS), entryOf("pg5", ALL_PARTS)),
    );
    // Images go to the host that has none.
    const carried = [...`${stdout}${stderr}`.matchAll(/carrying \d+ images? .*to host (pg\d)/g)];
    expect([...new Set(carried.map(([, host]) => host))]).toEqual(["pg5"]);
    await refreshOutputs();
    await clean();
    // What is looked for when it has left can be found.
    const places = (await tracesOf("pg5")).map((trace) => trace.split(":")[0]);
    expect(places).toEqual(expect.arrayContaining(PLACES));
    expect(names()).toEqual(["pg1", "pg2", "pg3", "pg4", "pg5"]);
    expect(servers()).toEqual(["pg1", "pg2", "pg3", "pg4", "pg5"]);
    await writers.goesOn(Date.now(), 15);
  }, 600_000);

  it("refuses in a preview to lose two members at once or the quorum, another major, a user", async () => {
    const five = stackFile.read();
    const postgres = { version: 16, users: [{ name: "app" }] };
    const serving = { runs: SERVING };
    const { code, stdout, stderr } = await tryPreview({
      ...hostsWith({ pg2: serving, pg3: serving }),
      postgres,
    });
    stackFile.write(five);
    expect(code).not.toBe(0);
    // All in one preview, which touches nothing.
    const text = `${stdout}${stderr}`.replace(/\s+/g, " ");
    expect(text).toMatch(/refused: .* would be removed at once/);
    expect(text).toMatch(/refused: .* would be removed and 1 of 5 Consul servers stay/);
    expect(text).toMatch(/refused: it cannot change from 17 to 16 .*docs\/servers\.md/);
    expect(text).toMatch(/refused: reporting.* never dropped by `up`/);
  }, 120_000);

  it("loses the member that leads, which leaves nothing of itself", async () => {
    await upWithout(hosts(entryOf("pg4", SERVING), entryOf("pg5", SERVING)));
    expect(servers()).toEqual(["pg1", "pg2", "pg3"]);
    await healthy();
    const leaving = `${cluster}-pg5-postgres-1`;
    await ops(["switchover", "--to", leaving]);
    expect((await members.leader()).name).toBe(leaving);
    await healthy();
    await upWithout(hosts(entryOf("pg4", SERVING)));
    await clean();
    expect(names()).toEqual(["pg1", "pg2", "pg3", "pg4"]);
    await gone("pg5");
    await writers.goesOn(Date.now(), 15);
  }, 900_000);

  it("is back to three, with nothing left of the fourth", async () => {
    // Killed on the way (-9, with its plugins): while the member leaves.
    const leaves = new RegExp(`MemberExit ${cluster}-pg4-postgres-1-exit deleting`);
    await killedUp(hosts(), (running) => running.line(leaves), 300);
    await writers.goesOn(Date.now(), 15);
    await upWithout(hosts());
    await clean();
    expect(names()).toEqual(["pg1", "pg2", "pg3"]);
    await gone("pg4");
    await writers.goesOn(Date.now(), 15);
  }, 900_000);

  it("has failed no transaction, and lost none", async () => {
    const figures = await writers.stop();
    console.log("scaled up and down:", figures);
    expect(figures).toMatchObject({ failed: 0, unknown: 0, moves: 0 });
    expect(figures.stallMs).toBeLessThan(MOST_STALL_MS);
    expect(await writers.verify()).toEqual([]);
  });
});
