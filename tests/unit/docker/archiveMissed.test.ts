import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const SCRIPTS = join(__dirname, "../../../docker/postgres");
const SCRIPT = join(SCRIPTS, "archive-missed");
const segment = (timeline: number, number: string): string =>
  `0000000${timeline}00000000000000${number}`;
const SHA = "a".repeat(40);

/** Timeline 1 ended in segment 0A, timeline 2 in 0C; the archive has these. */
const HISTORY = "1\t0/A0000A0\tno recovery target\n\n2\t0/C0001B8\tno recovery target\n";
const PGBACKREST = `#!/bin/sh
case "$*" in
*"repo-ls archive/orders") printf '16-1\\n17-10\\n17-2\\narchive.info\\n' ;;
*"repo-ls archive/orders/17-10") printf '0000000100000000\\n00000002.history\\n' ;;
*"repo-ls archive/orders/17-10/0000000100000000")
  echo "${segment(1, "07")}-${SHA}.zst"
  echo "${segment(1, "09")}-${SHA}.zst.pgbackrest.tmp" ;;
*) exit 55 ;;
esac
`;

let folder: string;
const wal = (): string => join(folder, "wal");
const ready = (): string[] =>
  readdirSync(join(wal(), "archive_status"))
    .filter((name) => name.endsWith(".ready"))
    .map((name) => name.replace(".ready", ""));
const program = (name: string, text: string): void =>
  writeFileSync(join(folder, name), text, { mode: 0o755 });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pgha-missed-"));
  mkdirSync(join(wal(), "archive_status"), { recursive: true });
  writeFileSync(join(folder, "pgbackrest.conf"), "");
  writeFileSync(join(wal(), "00000003.history"), HISTORY);
  program("pgbackrest", PGBACKREST);
  program("psql", `#!/bin/sh\necho ${segment(3, "0C")}\n`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Segments that are there, with a status or without one. */
const put = (status: string | undefined, ...names: string[]): void => {
  for (const name of names) {
    writeFileSync(join(wal(), name), "");
    if (status) writeFileSync(join(wal(), "archive_status", `${name}.${status}`), "");
  }
};

async function run(): Promise<{ code: number; text: string }> {
  const env = {
    PATH: `${folder}:${SCRIPTS}:${process.env.PATH ?? ""}`,
    PGBACKREST_CONFIG: join(folder, "pgbackrest.conf"),
    PGHA_WAL: wal(),
    PGHA_TRIES: "2",
    PGHA_BETWEEN: "0.05",
  };
  const child = spawn("sh", [SCRIPT, "orders"], { env });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, text };
}

describe("what a new leader has archived", () => {
  it("is what it received and the archive lacks, one in the making included", async () => {
    put("done", segment(1, "07"), segment(1, "08"), segment(1, "09"), segment(2, "0B"));
    const { code, text } = await run();
    expect(code, text).toBe(0);
    expect(ready()).toEqual([segment(1, "08"), segment(1, "09"), segment(2, "0B")]);
    expect(text.trim().split("\n")).toHaveLength(3);
  });

  it("is a segment without a status as well: it had just come when the leader died", async () => {
    put("done", segment(2, "0A"));
    put(undefined, segment(1, "07"), segment(2, "0B"), segment(2, "0C"), segment(3, "0C"));
    expect((await run()).code).toBe(0);
    expect(ready()).toEqual([segment(2, "0A"), segment(2, "0B")]);
  });

  it("is none that the archiver has before it, and none that is gone", async () => {
    put("ready", segment(1, "08"));
    writeFileSync(join(wal(), "archive_status", `${segment(1, "09")}.done`), "");
    const { code, text } = await run();
    expect({ code, text }).toEqual({ code: 0, text: "" });
    expect(ready()).toEqual([segment(1, "08")]);
  });

  it("is no segment in which a timeline ended, nor one of a timeline that led nowhere", async () => {
    put("done", segment(1, "0A"), segment(1, "0B"), segment(2, "0C"), segment(4, "01"));
    put("done", `${segment(1, "08")}.00000028.backup`, `${segment(1, "08")}.partial`);
    expect((await run()).code).toBe(0);
    expect(ready()).toEqual([]);
  });

  it("is nothing while the archive cannot be asked, which is said", async () => {
    put("done", segment(1, "08"));
    program("pgbackrest", "#!/bin/sh\nexit 55\n");
    const { code, text } = await run();
    expect(code).not.toBe(0);
    expect(text).toContain("does not answer");
    expect(ready()).toEqual([]);
  });

  it("is nothing where there is no repository, and on the first timeline", async () => {
    put("done", segment(1, "08"));
    rmSync(join(wal(), "00000003.history"));
    expect((await run()).code).toBe(0);
    rmSync(join(folder, "pgbackrest.conf"));
    expect((await run()).code).toBe(0);
    expect(ready()).toEqual([]);
  });
});
