import { describe, expect, it } from "vitest";
import { breaches, moves, type Sample, silences } from "../../harness/samples";

const MOST_MS = 15_000;
let clock = 0;
const seen = (leaders: string, streaming: string, after = 200): Sample => {
  clock += after;
  return { at: clock, tookMs: 50, leaders: [...leaders], streaming: [...streaming] };
};

describe("breaches", () => {
  it.each<[string, Sample[]]>([
    ["a cluster that stays whole", [seen("a", "bc"), seen("a", "b"), seen("a", "cb")]],
    ["a move of leadership", [seen("a", "bc"), seen("", ""), seen("b", ""), seen("b", "c")]],
    ["a move between two samples", [seen("a", "bc"), seen("b", "c")]],
    [
      "a replica that begins again on the new timeline",
      [seen("a", "bc"), seen("", ""), seen("b", "c"), seen("b", "", 900), seen("b", "c")],
    ],
  ])("has nothing to say of %s", (_, samples) => {
    expect(breaches(samples, MOST_MS)).toEqual([]);
  });

  it.each<[string, Sample[], RegExp]>([
    ["no replica", [seen("a", "bc"), seen("a", ""), seen("a", "b")], /a led before and after/],
    ["no leader, and the same one after", [seen("a", "b"), seen("", ""), seen("a", "b")], /a led/],
    [
      "no replica a while after a move",
      [seen("a", "b"), seen("", ""), seen("b", "a"), seen("b", "", 1000), seen("b", "a")],
      /b led before and after/,
    ],
    [
      "a move that seems to be over and lasts",
      [seen("a", "b"), seen("", ""), seen("b", "c"), seen("b", ""), seen("b", "c", 15_001)],
      /took up to/,
    ],
    ["two leaders", [seen("a", "b"), seen("ab", "c"), seen("a", "b")], /leaders \[a, b\]/],
    [
      "a leader that streams from itself",
      [seen("a", "b"), seen("a", "a"), seen("a", "b")],
      /a led/,
    ],
    ["a move that lasts", [seen("a", "b"), seen("", ""), seen("b", "c", 15_001)], /took up to/],
    ["an end that is not whole", [seen("a", "b"), seen("", "")], /at the end/],
    ["a begin that is not whole", [seen("", ""), seen("a", "b")], /at the begin/],
  ])("names %s", (_, samples, sentence) => {
    expect(breaches(samples, MOST_MS)).toEqual([expect.stringMatching(sentence)]);
  });
});

it("counts moves of leadership, not what lies between", () => {
  const way = [seen("a", "bc"), seen("", ""), seen("b", "c"), seen("b", ""), seen("b", "a")];
  expect(moves([...way, seen("a", "b")])).toBe(2);
  expect(moves([])).toBe(0);
});

it("tells of late answers outside of a move", () => {
  const late = (sample: Sample): Sample => ({ ...sample, tookMs: 1001 });
  expect(
    silences([seen("a", "b"), late(seen("a", "b")), late(seen("", "")), seen("b", "a")]),
  ).toEqual([1001]);
});
