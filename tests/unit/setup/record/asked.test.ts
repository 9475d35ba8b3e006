import { describe, expect, it } from "vitest";
import { askedWithout } from "../../../../setup/record/asked";
import { nameOf } from "../../../../setup/record/deployment";
import { CLUSTER, recorded } from "./deployment";

const without = (...names: string[]) =>
  askedWithout(recorded(), { cluster: CLUSTER, names }).map((urn) => nameOf({ urn }));

describe("askedWithout", () => {
  it("leaves out what is on a host, and what is made for a part there", () => {
    const left = without("pg2");
    const silent = without().filter((name) => !left.includes(name));
    expect(silent.sort()).toEqual([
      "orders-pg2-consul-1-node",
      "orders-pg2-image-postgres",
      "orders-pg2-network",
      "orders-pg2-pgbouncer-1-settings",
      "orders-pg2-postgres-1",
      "orders-pg2-postgres-1-data",
      "orders-pg2-postgres-1-data-claim",
      "orders-pg2-postgres-1-drain",
      "orders-pg2-postgres-1-exit",
      "orders-pg2-postgres-1-files",
      "orders-stanza",
    ]);
    expect(left).toContain("orders-identity");
    expect(left).toContain("orders-pg1-network");
  });

  it("leaves out every host that is named, and none of a like name", () => {
    const both = without("pg1", "pg2");
    expect(both.filter((name) => /pg[12]/.test(name))).toEqual([]);
    expect(without("pg")).toEqual(without());
  });

  it("asks no component and no provider", () => {
    const types = (recorded().resources ?? []).filter(({ urn }) =>
      askedWithout(recorded(), { cluster: CLUSTER, names: [] }).includes(urn),
    );
    expect(types.length).toBeGreaterThan(10);
    expect(types.filter(({ type }) => /^pulumi:|components/.test(type))).toEqual([]);
  });
});
