import { describe, expect, it } from "vitest";
import { contradictions, type Entry, outage } from "../harness/ledger";

const entry = (id: string, fate: Entry["fate"], at = 0, took = 1): Entry => ({
  id,
  fate,
  at,
  took,
});

/** The check that every failover test rests on must itself fail on a broken history. */
describe("the ledger", () => {
  const ledger = [entry("a", "acknowledged"), entry("b", "unknown"), entry("c", "failed")];

  it.each([[["a"]], [["a", "b"]], [["b", "a"]]])("is borne out by %j", (rows) => {
    expect(contradictions(ledger, rows)).toEqual([]);
  });

  it.each([
    ["an acknowledged row lost", ["b"], "a was acknowledged and is lost"],
    ["an acknowledged row twice", ["a", "a"], "a is there 2 times"],
    ["an unknown row twice", ["a", "b", "b"], "b is there 2 times"],
    ["a refused row there", ["a", "c"], "c was refused and is there"],
    ["a row from nowhere", ["a", "x"], "x was never written"],
  ])("fails on %s", (_, rows, sentence) => {
    expect(contradictions(ledger, rows)).toContain(sentence);
  });

  it("measures the longest time without an acknowledged write, to the end", () => {
    const times = [
      entry("a", "acknowledged", 100),
      entry("b", "failed", 900),
      entry("c", "acknowledged", 1100),
    ];
    expect(outage(times, 1200)).toBe(1000);
    expect(outage(times, 5000)).toBe(3900);
  });
});
