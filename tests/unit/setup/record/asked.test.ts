import { describe, expect, it } from "vitest";
import { askedWithout } from "../../../../setup/record/asked";
import { nameOf } from "../../../../setup/record/deployment";
import { CLUSTER, faults, recorded } from "./deployment";

const without = (...names: string[]) => askedWithout(recorded(), { cluster: CLUSTER, names });
const namesOf = (urns: readonly string[]) => urns.map((urn) => nameOf({ urn }));

describe("askedWithout", () => {
  it("leaves out what is on a host, and what is made for a part there", () => {
    const custom = recorded().resources?.filter(
      ({ custom, type }) => custom && !type.startsWith("pulumi:providers:"),
    );
    const left = namesOf(without("pg2").urns);
    const silent = (custom ?? []).map(nameOf).filter((name) => !left.includes(name));
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
  });

  it("asks nothing by the way of a host that is out, and leaves what is on it as recorded", () => {
    const { deployment } = without("pg2");
    const of = (all = recorded(), name = "") =>
      all.resources?.find((one) => nameOf(one) === name)?.inputs;
    expect(of(deployment, "orders-identity")?.members).toMatchObject([{ host: { name: "pg1" } }]);
    const exit = "orders-pg2-postgres-1-exit";
    expect(of(deployment, exit)).toEqual(of(recorded(), exit));
    expect(faults(deployment)).toEqual([]);
    expect(deployment.resources).toHaveLength(recorded().resources?.length ?? 0);
  });

  it("takes no host of a like name for the one that is out", () => {
    const { deployment, urns } = without("pg");
    const all = without("none");
    expect(urns).toEqual(all.urns);
    expect(deployment.resources).toEqual(recorded().resources);
  });

  it("gives the very same record where no way had to leave", () => {
    const record = recorded();
    const { deployment } = askedWithout(record, { cluster: CLUSTER, names: ["none"] });
    expect(deployment).toBe(record);
    const once = without("pg2").deployment;
    expect(askedWithout(once, { cluster: CLUSTER, names: ["pg2"] }).deployment).toBe(once);
  });
});
