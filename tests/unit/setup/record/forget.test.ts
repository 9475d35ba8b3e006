import { describe, expect, it } from "vitest";
import { nameOf, type Resource } from "../../../../setup/record/deployment";
import { forgetHosts } from "../../../../setup/record/forget";
import { forgottenText } from "../../../../setup/record/text";
import { CLUSTER, faults, recorded } from "./deployment";

const without = (...names: string[]) => forgetHosts(recorded(), { cluster: CLUSTER, names });
const named = (resources: readonly Resource[] | undefined) => (resources ?? []).map(nameOf);

describe("forgetHosts", () => {
  it("starts from a record without faults, or the tests here tell nothing", () => {
    expect(faults(recorded())).toEqual([]);
    expect(faults({ resources: recorded().resources?.slice(3) })).not.toEqual([]);
  });

  it("takes out what lives on the host, and only that", () => {
    const left = named(without("pg2").deployment.resources);
    const gone = named(recorded().resources).filter((name) => !left.includes(name));
    expect(gone.sort()).toEqual([
      "orders-pg2-image-postgres",
      "orders-pg2-network",
      "orders-pg2-pgbouncer-1-settings",
      "orders-pg2-postgres-1-data",
      "orders-pg2-postgres-1-data-claim",
      "orders-pg2-postgres-1-files",
      "orders-stanza",
    ]);
  });

  it("takes out the Docker provider and the containers of the host, and keeps the components", () => {
    const left = without("pg2").deployment.resources ?? [];
    const of = (name: string) => left.filter((one) => nameOf(one) === name).map(({ type }) => type);
    expect(of("orders-pg2")).toEqual(["pgha:components:DockerHost"]);
    expect(of("orders-pg2-postgres-1")).toEqual(["pgha:components:PatroniNode"]);
    expect(of("orders-pg1")).toEqual(["pgha:components:DockerHost", "pulumi:providers:docker"]);
  });

  it("keeps what clears up on the other hosts, with the member that it is of", () => {
    const left = without("pg2").deployment.resources ?? [];
    for (const name of ["orders-pg2-postgres-1-drain", "orders-pg2-postgres-1-exit"]) {
      const kept = left.find((one) => nameOf(one) === name);
      expect(kept?.inputs?.member).toMatchObject({ host: { name: "pg2" } });
      expect(kept?.inputs?.members).toMatchObject([{ host: { name: "pg1" } }]);
    }
  });

  it("keeps what says which cluster it is, and what has the other Consul servers forget one", () => {
    const left = without("pg2").deployment.resources ?? [];
    const of = (name: string) => left.find((one) => nameOf(one) === name)?.inputs;
    expect(of("orders-identity")?.members).toMatchObject([{ host: { name: "pg1" } }]);
    expect(of("orders-pg2-consul-1-node")).toMatchObject({ node: { host: { name: "pg2" } } });
    expect(of("orders-pg2-consul-1-node")?.servers).toEqual([]);
  });

  it("leaves no way to the host in the lists of what stays: a refresh would ask there", () => {
    const left = without("pg2").deployment.resources ?? [];
    const lists = left.flatMap(({ inputs, outputs }) =>
      [inputs, outputs].flatMap((bag) => Object.values(bag ?? {}).filter(Array.isArray)),
    );
    const parts = lists.flat() as { host?: { name: string }; name?: string; docker?: string }[];
    expect(parts.length).toBeGreaterThan(10);
    expect(parts.filter(({ host, name }) => host?.name === "pg2" || name === "pg2")).toEqual([]);
  });

  it("leaves a record that Pulumi takes", () => {
    expect(faults(without("pg2").deployment)).toEqual([]);
    expect(faults(without("pg1").deployment)).toEqual([]);
    expect(faults(without("pg1", "pg2").deployment)).toEqual([]);
  });

  it("forgets what was being made there when a command was killed", () => {
    const [last] = (recorded().resources ?? []).filter((one) => nameOf(one) === "orders-stanza");
    const pending_operations = [{ type: "creating", resource: last as Resource }];
    const before = { ...recorded(), pending_operations };
    const of = (name: string) =>
      forgetHosts(before, { cluster: CLUSTER, names: [name] }).deployment.pending_operations;
    expect(of("pg2")).toEqual([]);
    expect(of("pg1")).toEqual(pending_operations);
  });

  it("does not take pg1 for pg10, nor another cluster's host for this one's", () => {
    const before = recorded();
    expect(forgetHosts(before, { cluster: CLUSTER, names: ["pg"] }).deployment).toBe(before);
    const text = JSON.stringify(before).replaceAll("orders-pg1", "orders-pg10");
    const other = JSON.parse(text.replaceAll('"name":"pg1"', '"name":"pg10"')) as typeof before;
    expect(forgetHosts(other, { cluster: CLUSTER, names: ["pg1"] }).deployment).toBe(other);
  });

  it("changes nothing once it is done, and changes nothing that it was given", () => {
    const before = recorded();
    const once = forgetHosts(before, { cluster: CLUSTER, names: ["pg2"] });
    expect(before).toEqual(recorded());
    const twice = forgetHosts(once.deployment, { cluster: CLUSTER, names: ["pg2"] });
    expect(twice).toEqual({ deployment: once.deployment, forgotten: [] });
  });

  it("names the containers and volumes, and says what of the data", () => {
    const { forgotten } = without("pg2");
    expect(forgotten).toEqual([
      {
        host: "pg2",
        containers: ["orders-pg2-postgres-1"],
        volumes: ["orders-pg2-postgres-1-data"],
      },
    ]);
    const text = forgotten.map(forgottenText).join();
    expect(text).toContain("1 volumes: orders-pg2-postgres-1-data");
    expect(text).toContain("was not touched");
    expect(text).toContain("must not come back as it is");
  });
});
