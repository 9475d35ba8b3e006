import { expect, it } from "vitest";
import { query } from "../harness/dialler";
import { first } from "../harness/outputs";
import { untilNothing } from "../harness/wait";
import { aside, healthy, members, otherLeader, repository, useCluster } from "./stack/cluster";
import { stackFile } from "./stack/checkout";
import { up } from "./stack/commands";
import { baseConfig } from "./stack/config";
import { docker, inside, logs } from "./stack/hosts";
import { cluster } from "./stack/identity";

useCluster();

/** A segment of the WAL by its timeline and a place in it, `0/B022910`. */
function segmentAt(timeline: number, lsn: string): string {
  const [high = "", low = ""] = lsn.split("/");
  const parts = [timeline.toString(16), high, low.padStart(8, "0").slice(0, 2)];
  return parts
    .map((part) => part.padStart(8, "0"))
    .join("")
    .toUpperCase();
}

/**
 * A leader that crashed leaves WAL that nobody else has, and Patroni archives it. Whoever recovers from
 * the archive before the new leader has filled its own segment finds the old one's in that place.
 */
it("a replica that is made from the archive right after a failover follows the new leader", async () => {
  const timeline = async () =>
    Number(await members.value("SELECT timeline_id FROM pg_control_checkpoint()"));
  const old = await members.leader();
  try {
    // The new leader's segment stays open for as long as this takes.
    await up({ postgres: { parameters: { archive_timeout: "1h" } } });
    await query(aside(), "CREATE TABLE left_behind AS SELECT 42 AS n");
    const left = await timeline();
    await docker(old.host.name, ["kill", old.container]);
    const next = await otherLeader(old);
    await docker(old.host.name, ["start", old.container]);
    await healthy();

    const name = `${(left + 1).toString(16).toUpperCase().padStart(8, "0")}.history`;
    const last = String.raw`([0-9A-F]+/[0-9A-F]+)[^/]*$`;
    const sql = `SELECT (regexp_match(pg_read_file('pg_wal/${name}'), '${last}'))[1]`;
    const end = await members.value(sql, "postgres", next);
    expect(end).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    const lost = segmentAt(left, end);
    const archived = () => {
      const ls = ["--recurse", "repo-ls", `archive/${cluster}`];
      return inside(repository(), ["pgbackrest", "--log-level-console=off", ...ls]);
    };
    await untilNothing(`${lost} in the archive`, 60, async () =>
      (await archived()).includes(`/${lost}-`) ? [] : ["not yet"],
    );
    expect(await archived()).not.toContain(`/${segmentAt(left + 1, end)}-`);

    const third = first((await members.replicas()).filter((one) => one.name !== old.name));
    const log = () => logs(third.host.name, third.container);
    const before = (await log()).length;
    await inside(next, ["patronictl", "reinit", "--force", cluster, third.name]);
    const said = (words: string) =>
      untilNothing(`"${words}" in its log`, 90, async () =>
        (await log()).slice(before).includes(words) ? [] : ["not yet"],
      );
    await said("replica has been created using pgbackrest");
    await healthy();
    // It was offered what the old leader left behind, or this tells nothing.
    await said(`${lost} is not restored`);
    expect(await members.value("SELECT n FROM left_behind", "app", third)).toBe("42");
  } finally {
    await docker(old.host.name, ["start", old.container]);
    stackFile.write(baseConfig());
    await up();
    await healthy();
    await query(aside(), "DROP TABLE IF EXISTS left_behind");
  }
}, 600_000);
