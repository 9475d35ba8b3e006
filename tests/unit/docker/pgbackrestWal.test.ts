import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const SCRIPTS = join(__dirname, "../../../docker/postgres");
const SCRIPT = join(SCRIPTS, "pgbackrest-wal");
/** Timeline 1 ended in segment 0A, timeline 2 in 0C; as the leader tells. */
const HISTORY = "1\t0/A0000A0\tno recovery target\n\n2\t0/C0001B8\tno recovery target\n";
const segment = (timeline: number, number: string): string =>
  `0000000${timeline}00000000000000${number}`;
/** Takes each call down, and answers a ping as the test wants. */
const PGBACKREST = `#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in
*server-ping*) exit "\${PING:-0}" ;;
*archive-get*) [ "\${GET:-0}" = 0 ] || exit "$GET"; for path; do :; done; echo wal > "$path" ;;
esac
`;
/** The leader, which is asked by psql; it is in recovery where \`IN_RECOVERY\` says so. */
const PSQL = `#!/bin/sh
echo "$*" >> "$ASKED"
case "$*" in *host=leader*replication=true*) ;; *) exit 2 ;; esac
case "$*" in
*TIMELINE_HISTORY*) printf '%s|' 00000003.history; cat "$HISTORY" ;;
*) echo "\${IN_RECOVERY:-off}"; echo "7300|$(cat "$TIMELINE")|0/D000000|" ;;
esac
`;

let folder: string;
let server: Server;
const file = (name: string): string => join(folder, name);
const calls = (): string[] => readFileSync(file("calls"), "utf8").split("\n").filter(Boolean);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "pgha-wal-"));
  mkdirSync(file("pg_wal"));
  mkdirSync(file("bin"));
  writeFileSync(file("bin/pgbackrest"), PGBACKREST, { mode: 0o755 });
  writeFileSync(file("bin/psql"), PSQL, { mode: 0o755 });
  writeFileSync(file("calls"), "");
  writeFileSync(file("asked"), "");
  server = createServer((socket) => socket.end());
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterEach(async () => {
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true, force: true });
});

const port = (): string => String((server.address() as AddressInfo).port);
async function run(argv: string[], env: NodeJS.ProcessEnv = {}) {
  const path = `${file("bin")}:${SCRIPTS}:${process.env.PATH ?? ""}`;
  const child = spawn("bash", [SCRIPT, ...argv], {
    cwd: folder,
    env: {
      PATH: path,
      CALLS: file("calls"),
      ASKED: file("asked"),
      HISTORY: file("history"),
      TIMELINE: file("timeline"),
      PGHA_SILENT: file("silent"),
      ...env,
    },
  });
  let text = "";
  child.stderr.on("data", (part: Buffer) => (text += part.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, text };
}
const get = (name: string, path = "pg_wal/RECOVERYXLOG", env?: NodeJS.ProcessEnv) =>
  run(["get", "127.0.0.1", port(), "orders", name, path], env);
/** A standby of a leader on a timeline, with its history. */
function standby(timeline = 3, history = HISTORY, leader = "leader"): void {
  writeFileSync(file("timeline"), String(timeline));
  writeFileSync(file("history"), history);
  writeFileSync(file("standby.signal"), "");
  const way = `dbname=postgres user=replicator host=${leader} port=5432 sslmode=verify-full`;
  writeFileSync(file("postgresql.conf"), `primary_conninfo = '${way}'\n`);
}
const asked = (): string[] => readFileSync(file("asked"), "utf8").split("\n").filter(Boolean);

describe("a file of the WAL", () => {
  it("is fetched, and brought, once the repository answers", async () => {
    expect(await get(segment(1, "07"))).toMatchObject({ code: 0 });
    const path = "pg_wal/a b";
    expect(await run(["push", "127.0.0.1", port(), "orders", path])).toMatchObject({ code: 0 });
    expect(calls()).toEqual([
      expect.stringContaining("server-ping 127.0.0.1"),
      `--stanza=orders archive-get ${segment(1, "07")} pg_wal/RECOVERYXLOG`,
      expect.stringContaining("server-ping 127.0.0.1"),
      `--stanza=orders archive-push ${path}`,
    ]);
  });

  it("has pgBackRest asked for nothing where the host is dead, or its server frozen", async () => {
    const dead = await run(["get", "127.0.0.1", "1", "orders", segment(1, "07"), "pg_wal/X"]);
    expect(dead.code).toBe(1);
    expect(calls()).toEqual([]);
    rmSync(file("silent-get"));
    const frozen = await get(segment(1, "07"), undefined, { PING: "42" });
    expect(frozen.code).toBe(1);
    expect(calls()).toHaveLength(1);
  });

  it("is not asked for again for 20 s, and then it is; a clock that was set back blocks nothing", async () => {
    await get(segment(1, "07"), undefined, { PING: "42" });
    const at = (seconds: number) => {
      const time = Date.now() / 1000 - seconds;
      utimesSync(file("silent-get"), time, time);
    };
    at(18);
    expect(await get(segment(1, "07"))).toMatchObject({ code: 1 });
    expect(calls()).toHaveLength(1);
    for (const seconds of [21, -3600]) {
      at(seconds);
      expect(await get(segment(1, "07"))).toMatchObject({ code: 0 });
    }
    expect(calls()).toHaveLength(5);
  });

  it("passes on that the archive lacks it", async () => {
    expect(await get("00000004.history", "pg_wal/RECOVERYHISTORY", { GET: "1" })).toMatchObject({
      code: 1,
    });
  });

  it.each([
    [1, "09", true],
    [1, "0A", false],
    [1, "0B", false],
    [2, "0A", true],
    [2, "0B", true],
    [2, "0C", false],
    [2, "FF", false],
    [3, "0C", true],
    [4, "0D", true],
  ])(
    "is taken by a recovering member only where its timeline went on: %i %s %s",
    async (timeline, number, taken) => {
      standby();
      const { code, text } = await get(segment(timeline, number));
      expect([code, text.includes("is not restored")]).toEqual(taken ? [0, false] : [1, true]);
      expect(existsSync(file("pg_wal/RECOVERYXLOG"))).toBe(taken);
    },
  );

  it("is compared beyond the first 4 GB as well", async () => {
    standby(3, "2\t1F/AB0001B8\tno recovery target\n");
    const name = (high: string, low: string) => `00000002000000${high}000000${low}`;
    for (const taken of [name("1F", "AA"), name("09", "FF")])
      expect((await get(taken)).code, taken).toBe(0);
    for (const left of [name("1F", "AB"), name("20", "00")])
      expect((await get(left)).code, left).toBe(1);
  });

  it("is taken where no leader can be asked: it may be all that is left of acknowledged writes", async () => {
    const left = segment(2, "0C");
    standby(3, HISTORY, "nobody");
    expect((await get(left)).code).toBe(0);
    standby();
    rmSync(file("standby.signal"));
    expect((await get(left)).code).toBe(0);
    standby();
    writeFileSync(file("postgresql.conf"), "");
    expect((await get(left)).code).toBe(0);
    standby();
    expect((await get(left, undefined, { IN_RECOVERY: "on" })).code).toBe(0);
    expect((await get(left)).code).toBe(1);
  });

  it("does not ask a leader that is silent again for 20 s, but another one at once", async () => {
    standby(3, HISTORY, "nobody");
    for (let n = 0; n < 2; n++) expect((await get(segment(2, "0C"))).code).toBe(0);
    expect(asked()).toHaveLength(1);
    standby();
    expect((await get(segment(2, "0C"))).code).toBe(1);
  });

  it("of the leader's own timeline, and a history, cost no more than one question", async () => {
    standby();
    await get(segment(3, "0C"));
    expect(asked()).toHaveLength(1);
    await get("00000003.history", "pg_wal/RECOVERYHISTORY");
    expect(asked()).toHaveLength(1);
  });

  it("is fetched for pg_rewind, which looks for what was left behind", async () => {
    standby();
    const name = segment(2, "0C");
    const path = file(`pg_wal/${name}`);
    expect((await get(name, path)).code).toBe(0);
  });
});
