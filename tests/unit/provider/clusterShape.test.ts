import { describe, expect, it } from "vitest";
import type { ClusterShapeInputs } from "../../../model/resources";
import { shapeFailures } from "../../../provider/types/clusterShape";

const shape: ClusterShapeInputs = {
  cluster: "orders",
  consulServers: ["a", "b", "c"],
  members: ["m1", "m2", "m3"],
  postgresVersion: 17,
  postgresImage: "i:1",
};
const five = { ...shape, consulServers: ["a", "b", "c", "d", "e"] };

describe("shapeFailures", () => {
  it.each<[string, Partial<ClusterShapeInputs>, Partial<ClusterShapeInputs>]>([
    ["a new cluster", {}, {}],
    ["the same", shape, {}],
    ["another image", shape, { postgresImage: "i:2" }],
    ["one member less", shape, { members: ["m1", "m3"] }],
    ["two members more", shape, { members: ["m1", "m2", "m3", "m4", "m5"] }],
    ["one member for another", shape, { members: ["m1", "m2", "m4"] }],
    ["one server for another", shape, { consulServers: ["a", "b", "d"] }],
    ["five servers to three", five, { consulServers: ["a", "b", "c"] }],
    ["one server to three", { ...shape, consulServers: ["a"] }, {}],
  ])("allows %s", (_, olds, change) => {
    expect(shapeFailures(olds, { ...shape, ...change })).toEqual([]);
  });

  it.each<[string, Partial<ClusterShapeInputs>, Partial<ClusterShapeInputs>, string, RegExp]>([
    ["another name", shape, { cluster: "x" }, "cluster", /"orders" to "x"/],
    ["another major", shape, { postgresVersion: 18 }, "postgresVersion", /17 to 18/],
    ["an older major", shape, { postgresVersion: 16 }, "postgresVersion", /17 to 16/],
    ["two members less", shape, { members: ["m1"] }, "members", /m2, m3.*one member/],
    ["two members replaced", shape, { members: ["m1", "x", "y"] }, "members", /m2, m3/],
    [
      "all members replaced",
      { ...shape, members: ["m1"] },
      { members: ["x"] },
      "members",
      /none of m1/,
    ],
    ["three servers to one", shape, { consulServers: ["a"] }, "consulServers", /quorum of 2/],
    [
      "two of three servers replaced",
      shape,
      { consulServers: ["a", "x", "y"] },
      "consulServers",
      /b, c/,
    ],
    [
      "the only server replaced",
      { ...shape, consulServers: ["a"] },
      { consulServers: ["x"] },
      "consulServers",
      /quorum of 1/,
    ],
  ])("refuses %s", (_, olds, change, property, reason) => {
    const failures = shapeFailures(olds, { ...shape, ...change });
    expect(failures.map((failure) => failure.property)).toEqual([property]);
    expect(failures[0]?.reason).toMatch(reason);
  });
});
