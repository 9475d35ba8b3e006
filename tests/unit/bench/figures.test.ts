import { describe, expect, it } from "vitest";
import { figuresTable, missed, ratioOf, type Series, spreadOf } from "../../../bench/figures";

const series: Series = {
  name: "from nothing",
  unit: "s",
  pulumi: [40, 70, 50],
  compose: [25, 20],
  target: 45,
  ratioTarget: 2,
};

describe("spreadOf", () => {
  it("sorts by number, not by text", () => {
    expect(spreadOf([9, 100, 20])).toEqual({ min: 9, median: 20, max: 100 });
  });

  it("takes the mean of the two in the middle", () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4 });
  });

  it("is undefined of nothing", () => {
    expect(spreadOf([])).toBeUndefined();
  });
});

describe("ratioOf", () => {
  it("compares medians", () => {
    expect(ratioOf(series)).toBeCloseTo(50 / 22.5);
  });

  it("is undefined where compose has no such thing", () => {
    expect(ratioOf({ ...series, compose: [] })).toBeUndefined();
  });
});

describe("missed", () => {
  it("names value and target of each miss", () => {
    expect(missed(series)).toEqual([
      "from nothing: median 50.0 s, target 45.0 s",
      "from nothing: 2.22 x compose, target 2 x",
    ]);
  });

  it("is empty at the very target", () => {
    expect(missed({ ...series, target: 50, ratioTarget: 3 })).toEqual([]);
  });
});

it("prints one aligned line for each series", () => {
  const memory: Series = { name: "peak", unit: "MiB", pulumi: [812.4], compose: [] };
  expect(figuresTable([series, memory])).toBe(
    [
      "              pulumi min / median / max  compose min / median / max  ratio  target",
      "from nothing  40.0 / 50.0 / 70.0 s       20.0 / 22.5 / 25.0 s        2.22   45.0 s, 2 x",
      "peak          812 / 812 / 812 MiB        -                           -      -",
    ].join("\n"),
  );
});
