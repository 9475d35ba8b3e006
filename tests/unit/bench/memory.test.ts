import { describe, expect, it } from "vitest";
import { parseStat, usedBytes } from "../../../bench/memory";

describe("parseStat", () => {
  const rest = Array.from({ length: 28 }, (_, index) => String(index + 5)).join(" ");

  it("reads parent and resident pages behind a name with spaces and brackets", () => {
    expect(parseStat(`17 (a) b (c)) S 4 ${rest}`)).toEqual({ parent: 4, resident: 24 });
  });

  it("is undefined for a process that is gone", () => {
    expect(parseStat("")).toBeUndefined();
  });
});

describe("usedBytes", () => {
  it("leaves out the file cache of either kind of cgroup", () => {
    const old = { memory_stats: { usage: 100, stats: { total_inactive_file: 30 } } };
    const now = { memory_stats: { usage: 100, stats: { inactive_file: 40 } } };
    expect([usedBytes(old), usedBytes(now), usedBytes({})]).toEqual([70, 60, 0]);
  });
});
