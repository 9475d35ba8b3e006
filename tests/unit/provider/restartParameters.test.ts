import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lowersStandbyLimit, restartFor } from "../../../model/restartParameters";

/** Name and context of each parameter, as `postgres --describe-config` of a version tells them. */
function contexts(version: number): string[][] {
  const text = readFileSync(join(__dirname, "contexts", `${version}.txt`), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
}

describe.each([15, 17])("the parameters of PostgreSQL %i", (version) => {
  const named = (postmaster: boolean): string[] =>
    contexts(version).flatMap(([name = "", context]) =>
      (context === "postmaster") === postmaster ? [name] : [],
    );

  it("want a restart where PostgreSQL says so", () => {
    const told = named(true);
    expect(told.length).toBeGreaterThan(50);
    expect(told.filter((name) => restartFor(name) !== "always")).toEqual([
      "autovacuum_max_workers", // a reload from 18 on
    ]);
  });

  it("want none otherwise", () => {
    const told = named(false);
    expect(told.length).toBeGreaterThan(250);
    expect(told.filter((name) => restartFor(name) !== "never")).toEqual([]);
  });
});

describe("parameters of extensions", () => {
  it.each([
    ["pg_stat_statements.max", "always"],
    ["pg_stat_statements.track", "never"],
    ["cron.timezone", "perhaps"],
  ])("%s: %s", (name, restart) => {
    expect(restartFor(name)).toBe(restart);
  });
});

describe("a limit that standbys share", () => {
  it.each([
    ["max_connections", 200, 100, true],
    ["max_connections", "200", "300", false],
    ["max_worker_processes", undefined, 4, true],
    ["max_worker_processes", 16, undefined, true],
    ["max_prepared_transactions", undefined, 10, false],
    ["shared_buffers", "2GB", "1GB", false],
  ])("%s from %s to %s: lowered %s", (name, old, now, lowered) => {
    expect(lowersStandbyLimit(name, old, now)).toBe(lowered);
  });
});
