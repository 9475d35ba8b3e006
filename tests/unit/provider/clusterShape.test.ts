import { describe, expect, it } from "vitest";
import type { ClusterShapeInputs } from "../../../model/resources";
import { shapeFailures } from "../../../provider/types/clusterShape";

const servers = (names: string[], port = 8300): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, `${name}.example:${port}`]));

const shape: ClusterShapeInputs = {
  cluster: "orders",
  consulServers: servers(["a", "b", "c"]),
  members: ["m1", "m2", "m3"],
  out: [],
  endpoints: [],
  synchronous: true,
  users: ["app", "report"],
  postgresVersion: 17,
  baseSuite: "trixie",
  restartParameters: { max_connections: 100 },
};
const five = { ...shape, consulServers: servers(["a", "b", "c", "d", "e"]) };

describe("shapeFailures", () => {
  it.each<[string, Partial<ClusterShapeInputs>, Partial<ClusterShapeInputs>]>([
    ["a new cluster", {}, {}],
    ["the same", shape, {}],
    ["a user more", shape, { users: ["app", "report", "new"] }],
    ["one member less", shape, { members: ["m1", "m3"] }],
    ["nothing but a host that is out", shape, { out: ["m3", "c"] }],
    [
      "one of three less with one out, where no commit waits for another",
      shape,
      { members: ["m1", "m3"], out: ["m3"], synchronous: false },
    ],
    ["two members more", shape, { members: ["m1", "m2", "m3", "m4", "m5"] }],
    ["one member for another", shape, { members: ["m1", "m2", "m4"] }],
    [
      "one of two members less, where no commit waits for another",
      { ...shape, members: ["m1", "m2"] },
      { members: ["m1"], synchronous: false },
    ],
    ["a restart of all", shape, { restartParameters: { max_connections: 200 } }],
    ["a host out, and no restart", shape, { out: ["m3"] }],
    [
      "a restart where with one out there are still three",
      { ...shape, members: ["m1", "m2", "m3", "m4"] },
      {
        ...{ members: ["m1", "m2", "m3", "m4"], out: ["m4"] },
        restartParameters: { max_connections: 200 },
      },
    ],
    [
      "an older record, which has no parameters",
      { ...shape, restartParameters: undefined },
      { out: ["m3"] },
    ],
    ["a second member", { ...shape, members: ["m1"] }, { members: ["m1", "m2"] }],
    ["one server for another", shape, { consulServers: servers(["a", "b", "d"]) }],
    ["five servers to three", five, { consulServers: servers(["a", "b", "c"]) }],
    [
      "one of three servers at another address",
      shape,
      { consulServers: { ...shape.consulServers, a: "10.0.0.9:8300" } },
    ],
    ["one server to three", { ...shape, consulServers: servers(["a"]) }, {}],
  ])("allows %s", (_, olds, change) => {
    expect(shapeFailures(olds, { ...shape, ...change })).toEqual([]);
  });

  it.each<[string, Partial<ClusterShapeInputs>, Partial<ClusterShapeInputs>, string, RegExp]>([
    ["another name", shape, { cluster: "x" }, "cluster", /"orders" to "x"/],
    ["a user less", shape, { users: ["report"] }, "users", /app .*login: false/],
    ["another major", shape, { postgresVersion: 18 }, "postgresVersion", /17 to 18/],
    ["an older major", shape, { postgresVersion: 16 }, "postgresVersion", /17 to 16/],
    [
      "a restart of all with one out",
      shape,
      { out: ["m3"], restartParameters: { max_connections: 200, max_wal_senders: 10 } },
      "restartParameters",
      /max_connections, max_wal_senders would have every member restart \(m3: out/,
    ],
    ["another libc", shape, { baseSuite: "forky" }, "baseSuite", /trixie to forky/],
    [
      "all servers at another port",
      shape,
      { consulServers: servers(["a", "b", "c"], 9300) },
      "consulServers",
      /a from a\.example:8300 to a\.example:9300/,
    ],
    ["two members less", shape, { members: ["m1"] }, "members", /m2, m3.*one member/],
    [
      "one of three less while another is out",
      shape,
      { members: ["m1", "m3"], out: ["m3"] },
      "members",
      /m2 would be removed.*only one.*m3: out/,
    ],
    [
      "one of two that can be reached",
      { ...shape, members: ["m1", "m2"], synchronous: false },
      { members: ["m2"], out: ["m2"], synchronous: false },
      "members",
      /none would stay.*m2: out/,
    ],
    [
      "one of three servers less while another is out",
      shape,
      { consulServers: servers(["a", "c", "d"]), out: ["c"] },
      "consulServers",
      /b would be removed and 1 of 3.*c: out.*quorum of 2/,
    ],
    [
      "one of two members less, with no standby for commits to wait for",
      { ...shape, members: ["m1", "m2"] },
      { members: ["m1"] },
      "members",
      /m2 would be removed.*only one would stay.*add another member.*failover\.synchronous/,
    ],
    [
      "one of two members for a new one, which has no data yet",
      { ...shape, members: ["m1", "m2"] },
      { members: ["m1", "m4"] },
      "members",
      /m2 would be removed.*only one would stay/,
    ],
    [
      "synchronous commits and one of two members less",
      { ...shape, members: ["m1", "m2"], synchronous: false },
      { members: ["m1"] },
      "members",
      /no standby/,
    ],
    ["two members replaced", shape, { members: ["m1", "x", "y"] }, "members", /m2, m3/],
    [
      "all members replaced",
      { ...shape, members: ["m1"] },
      { members: ["x"] },
      "members",
      /none of m1/,
    ],
    [
      "three servers to one",
      shape,
      { consulServers: servers(["a"]) },
      "consulServers",
      /quorum of 2/,
    ],
    [
      "two of three servers replaced",
      shape,
      { consulServers: servers(["a", "x", "y"]) },
      "consulServers",
      /b, c/,
    ],
    [
      "the only server replaced",
      { ...shape, consulServers: servers(["a"]) },
      { consulServers: servers(["x"]) },
      "consulServers",
      /quorum of 1/,
    ],
  ])("refuses %s", (_, olds, change, property, reason) => {
    const failures = shapeFailures(olds, { ...shape, ...change });
    expect(failures.map((failure) => failure.property)).toEqual([property]);
    expect(failures[0]?.reason).toMatch(/^refused: /);
    expect(failures[0]?.reason).toMatch(reason);
  });
});
