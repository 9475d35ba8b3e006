import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BOOTSTRAP_PERMIT, dataDirectory, PG_ROOT } from "../../../model/paths";

const script = join(__dirname, "../../../docker/postgres/initdb-once");
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "pgha-initdb-"));
  const initdb = join(root, "initdb");
  writeFileSync(initdb, '#!/bin/sh\nprintf "%s|" "$@"\n');
  chmodSync(initdb, 0o755);
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const data = (): string => dataDirectory(17).replace(PG_ROOT, root);
const options = ["--data-checksums", "--username=with space"];

function run() {
  const env = { PATH: `${root}:/usr/bin:/bin`, PGHA_NAME: "orders-pg1-postgres-1" };
  return spawnSync("sh", [script, ...options, data()], { env, encoding: "utf8" });
}

describe("initdb-once", () => {
  it("runs initdb as it was called where a permit lies beside PGDATA", () => {
    writeFileSync(join(root, basename(BOOTSTRAP_PERMIT)), "");
    const { status, stdout } = run();
    expect([status, stdout]).toEqual([0, `${[...options, data()].join("|")}|`]);
  });

  it("refuses without one, and says where, what and what to do", () => {
    const { status, stdout, stderr } = run();
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`${data()} of orders-pg1-postgres-1`);
    expect(stderr).toMatch(/data volume of a member back.*\n.*down -- --delete-data/);
  });
});
