import { expect, it } from "vitest";
import { eventually } from "../harness/wait";
import { outputs } from "./harness/context";
import { inside } from "./harness/docker";
import { healthy, leader, superuser, value, view } from "./harness/members";

it("has one leader and two quorum standbys that stream on its timeline", async () => {
  await healthy(30);
  const roles = (await view()).members.map(({ role }) => role).sort();
  expect(roles).toEqual(["leader", "quorum_standby", "quorum_standby"]);
  const senders = await superuser(
    await leader(),
    "SELECT application_name, state, sync_state FROM pg_stat_replication ORDER BY 1",
  );
  const standbys = senders.filter(([name]) => name?.includes("-postgres-"));
  expect(standbys.map(([, state, sync]) => `${state} ${sync}`)).toEqual([
    "streaming quorum",
    "streaming quorum",
  ]);
});

it("has checksums on", async () => {
  expect(await value("SHOW data_checksums")).toBe("on");
});

it("replicates by TLS only", async () => {
  const rows = await superuser(
    await leader(),
    "SELECT s.ssl, s.version FROM pg_stat_replication r JOIN pg_stat_ssl s USING (pid)",
  );
  expect(rows).toHaveLength(2);
  for (const [ssl, version] of rows) {
    expect(ssl).toBe("t");
    expect(version).toMatch(/^TLSv1\.[23]$/);
  }
});

it("archives what it writes", async () => {
  // Without a write there may be nothing to switch, and the segment would wait for archive_timeout.
  await value("SELECT pg_logical_emit_message(true, 'test', 'a write')");
  const name = await value("SELECT pg_walfile_name(pg_switch_wal())");
  await eventually(`${name} in the archive`, 60, async () => {
    const last = await value("SELECT last_archived_wal FROM pg_stat_archiver");
    return last >= name ? true : undefined;
  });
  const failed =
    "SELECT failed_count = 0 OR last_failed_time < last_archived_time FROM pg_stat_archiver";
  expect(await value(failed)).toBe("t");
});

interface Info {
  name: string;
  cipher: string;
  status: { code: number; message: string };
  backup: { type: string; error: boolean | null; label: string }[];
}

async function info(): Promise<Info> {
  const { repository } = outputs().operations;
  const argv = ["pgbackrest", "--output=json", "--log-level-console=off", "info"];
  const [stanza] = JSON.parse(await inside(repository.container, argv)) as Info[];
  if (stanza === undefined) throw new Error("the repository has no stanza");
  return stanza;
}

it("has a first full backup in an encrypted repository", async () => {
  const stanza = await eventually("a first full backup", 100, async () => {
    const found = await info();
    return found.backup.length > 0 ? found : undefined;
  });
  expect(stanza.name).toBe(outputs().backup.stanza);
  expect(stanza.status.code).toBe(0);
  expect(stanza.cipher).toBe("aes-256-cbc");
  expect(stanza.backup[0]).toMatchObject({ type: "full", error: false });
});

it("has nothing readable in the repository", async () => {
  const { repository } = outputs().operations;
  const find = ["find", "/var/lib/pgbackrest/backup", "-name", "backup.info"];
  const file = (await inside(repository.container, find)).trim().split("\n")[0] ?? "";
  const head = await inside(repository.container, ["head", "-c", "8", file]);
  expect(head).toBe("Salted__");
});
