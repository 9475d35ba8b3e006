import { expect, it } from "vitest";
import { first } from "../harness/outputs";
import { lines, run } from "../harness/run";
import { eventually, untilNothing } from "../harness/wait";
import { outputs } from "./harness/context";
import { inside, kill, start } from "./harness/docker";
import { cluster } from "./harness/identity";
import { healthy, leader, replicas, value } from "./harness/members";
import { Writer } from "./harness/writer";

const repository = () => outputs().operations.repository?.container ?? "";
const archive = `/var/lib/pgbackrest/archive/${cluster}`;

/** Segments in the archive, without their timeline: the one in which a timeline ends is whole on the next. */
async function archived(): Promise<string[]> {
  const find = ["find", archive, "-regex", ".*/[0-9A-F]+-[0-9a-f]+\\..*", "-printf", "%f\\n"];
  return lines(await inside(repository(), find)).map((name) => name.slice(8, 24));
}

/** Fills a segment and gives its name once the replicas have it: a switch is no commit, nobody waits for it. */
async function segment(): Promise<string> {
  const now = await value("SELECT pg_walfile_name(pg_current_wal_lsn())");
  await value("SELECT pg_logical_emit_message(true, 'test', 'a row')");
  const end = await value("SELECT pg_switch_wal()");
  const behind = `SELECT application_name FROM pg_stat_replication WHERE flush_lsn < '${end}'`;
  await untilNothing("replicas that lack the segment", 30, async () => lines(await value(behind)));
  return now;
}

it("keeps the archive whole when a leader dies before it has archived, and copies from the leader past a gap", async () => {
  await healthy();
  // Without a write after it a member that was rewound would wait for the end of an empty segment.
  const writer = await Writer.start("pooledPrimary");
  const old = await leader();
  let made: string[] = [];
  try {
    // The repository is away for a moment: what is written meanwhile, the leader has not archived.
    await run("docker", ["pause", repository()]);
    made = [await segment(), await segment()];
    await kill(old.container);
    await run("docker", ["unpause", repository()]);
    await eventually("another leader", 60, async () =>
      (await leader()).name === old.name ? undefined : true,
    );
    await untilNothing("every segment in the archive", 60, async () => {
      const there = await archived();
      return made.filter((name) => !there.includes(name.slice(8)));
    });
  } finally {
    await run("docker", ["unpause", repository()]);
    await start(old.container);
    await healthy();
    await writer.stop();
  }
  expect(await writer.verify()).toEqual([]);
  await writer.clear();

  // A segment is lost from the archive all the same: a new replica must not wait for it for ever.
  const [gone = ""] = made;
  await inside(repository(), ["find", archive, "-name", `${gone}-*`, "-delete"]);
  const replica = first(await replicas());
  await inside(replica.container, [
    "patronictl",
    "reinit",
    cluster,
    replica.name,
    "--force",
    "--wait",
  ]);
  await healthy();
  const { stdout, stderr } = await run("docker", ["logs", "--since", "3m", replica.container]);
  expect(`${stdout}${stderr}`).toContain(`the archive lacks WAL segment ${gone.slice(8)}`);
  expect(`${stdout}${stderr}`).toContain("replica has been created using basebackup");
}, 300_000);
