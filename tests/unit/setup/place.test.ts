import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  mkdirSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isStale, startedAt, tryLock, withLock } from "../../../setup/lock";
import { tools } from "../../../setup/paths";
import { place, readStamp, stampHolds, sweep } from "../../../setup/stamp";

let folder: string;
const before = process.env.PGHA_TOOLS;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pgha-unit-"));
  process.env.PGHA_TOOLS = folder;
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  if (before === undefined) delete process.env.PGHA_TOOLS;
  else process.env.PGHA_TOOLS = before;
});

const wanted = { version: "1.0", inputs: "abc" };

async function placeTool(
  text: string,
  verify: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const make = (into: string): Promise<{ file: string; from: "built from Go modules" }> => {
    writeFileSync(join(into, "tool"), text);
    chmodSync(join(into, "tool"), 0o755);
    return Promise.resolve({ file: join(into, "tool"), from: "built from Go modules" });
  };
  await place({ name: "tool", target: tools("bin", "tool"), wanted, make, verify });
}

/** The number of a process that has ended. */
function deadPid(): number {
  return Number(
    execFileSync(process.execPath, ["-e", "console.log(process.pid)"], { encoding: "utf8" }),
  );
}

describe("placing a part", () => {
  it("leaves the file, its stamp and nothing beside", async () => {
    await placeTool("one");
    expect(readFileSync(tools("bin", "tool"), "utf8")).toBe("one");
    expect(stampHolds(readStamp("tool"), tools("bin", "tool"), wanted)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["bin", "stamps"]);
  });

  it("keeps the old part when making the new one fails", async () => {
    await placeTool("one");
    await expect(
      placeTool("broken", () => Promise.reject(new Error("does not run"))),
    ).rejects.toThrow("does not run");
    expect(readFileSync(tools("bin", "tool"), "utf8")).toBe("one");
    expect(stampHolds(readStamp("tool"), tools("bin", "tool"), wanted)).toBe(true);
  });

  it("does not take a stamp for another file, version or source", async () => {
    await placeTool("one");
    const file = tools("bin", "tool");
    expect(stampHolds(readStamp("tool"), file, { ...wanted, version: "1.1" })).toBe(false);
    expect(stampHolds(readStamp("tool"), file, { ...wanted, inputs: "other" })).toBe(false);
    utimesSync(file, 1, 1);
    expect(stampHolds(readStamp("tool"), file, wanted)).toBe(false);
  });

  it("does not take a stamp that was cut short", async () => {
    await placeTool("one");
    writeFileSync(tools("stamps", "tool.json"), '{"version": "1.');
    expect(readStamp("tool")).toBeUndefined();
  });

  it("sweeps up what a dead run left, not what a living one makes", () => {
    mkdirSync(tools(`tmp-${deadPid()}-x`));
    mkdirSync(tools(`tmp-${process.pid}-x`));
    sweep();
    expect(readdirSync(folder)).toEqual([`tmp-${process.pid}-x`]);
  });
});

describe("the lock", () => {
  const me = { pid: process.pid, host: hostname(), started: startedAt(process.pid) };

  it("belongs to one at a time", () => {
    const release = tryLock(tools("lock"));
    expect(release).toBeTypeOf("function");
    expect(tryLock(tools("lock"))).toMatchObject({ pid: process.pid });
    if (typeof release === "function") release();
    expect(existsSync(tools("lock"))).toBe(false);
  });

  it("is stale when its owner is dead, another with the same number, or unreadable", () => {
    expect(isStale(me)).toBe(false);
    expect(isStale({ ...me, pid: deadPid() })).toBe(true);
    expect(isStale({ ...me, started: "1" })).toBe(process.platform === "linux");
    expect(isStale(undefined)).toBe(true);
    expect(isStale({ ...me, pid: deadPid(), host: "another-machine" })).toBe(false);
  });

  it("is taken over from a dead owner", async () => {
    writeFileSync(tools("lock"), JSON.stringify({ ...me, pid: deadPid() }));
    const seen = await withLock(
      tools("lock"),
      () => expect.unreachable("nobody to wait for"),
      () => Promise.resolve(readFileSync(tools("lock"), "utf8")),
    );
    expect(JSON.parse(seen)).toMatchObject({ pid: process.pid });
    expect(readdirSync(folder)).toEqual([]);
  });
});
