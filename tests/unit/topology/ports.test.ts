import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { portsOfHost } from "../../../model/config";
import { planTopology, portsOf, type Topology } from "../../../model/topology";
import { validConfig } from "./arbitrary";
import { stackConfig } from "./stacks";

describe("portsOf", () => {
  test("a host of the prod stack with everything but the repository", () => {
    expect(rows(planTopology(stackConfig("prod")), 0)).toEqual([
      "8300/tcp peers Consul server: RPC, raft",
      "8301/tcp peers Consul server: gossip",
      "8301/udp peers Consul server: gossip",
      "8501/tcp operator Consul server: HTTPS API and page",
      "8391/tcp peers Consul agent: gossip",
      "8391/udp peers Consul agent: gossip",
      "8591/tcp host Consul agent: HTTPS for Patroni",
      "5432/tcp peers PostgreSQL: replication, HAProxy",
      "5432/tcp clients PostgreSQL: direct",
      "8008/tcp peers Patroni: health checks, failover",
      "8008/tcp operator Patroni: metrics, REST API",
      "8433/tcp peers pgBackRest: the repository reads the data",
      "5000/tcp clients HAProxy primary",
      "5001/tcp clients HAProxy replicas",
      "7000/tcp operator HAProxy: stats, metrics",
      "6432/tcp clients PgBouncer primary",
      "6433/tcp clients PgBouncer replicas",
    ]);
  });

  test("the repository's port is on its host only", () => {
    const topology = planTopology(stackConfig("prod"));
    const archive = "8432/tcp peers pgBackRest repository: WAL archive, restore";
    expect(rows(topology, 1)).not.toContain(archive);
    expect(rows(topology, 2)).toContain(archive);
  });

  test("peers reach an HAProxy only where a PgBouncer of another host goes through it", () => {
    const config = stackConfig("prod", (raw) => {
      const hosts = raw["hosts"] as { runs: string[] }[];
      const second = hosts[1];
      if (second) second.runs = ["consul", "postgres", "pgbouncer"];
    });
    const topology = planTopology(config);
    expect(rows(topology, 0)).toEqual(
      expect.arrayContaining([
        "5000/tcp peers HAProxy primary: PgBouncer of another host",
        "5001/tcp peers HAProxy replicas: PgBouncer of another host",
      ]),
    );
    expect(rows(topology, 2).filter((row) => row.includes("of another host"))).toEqual([]);
  });

  test("a host without an address publishes nothing for peers", () => {
    const found = rows(planTopology(stackConfig("dev")), 0);
    expect(found.filter((row) => / (peers|host) /.test(row))).toEqual([]);
    expect(found).toContain("5432/tcp clients PostgreSQL: direct");
  });

  test("names every port that the config checks count, on any valid stack", () => {
    fc.assert(
      fc.property(validConfig, (config) => {
        const topology = planTopology(config);
        for (const host of topology.hosts.filter(({ publishPeers }) => publishPeers)) {
          const declared = config.hosts.find(({ name }) => name === host.access.name);
          const counted = declared === undefined ? [] : portsOfHost(config, declared);
          const named = new Set(portsOf(topology, host).map(({ port }) => port));
          // Counted always, so that a later repository moves nothing; published only with one.
          const sidecar = topology.repository === undefined ? "pgBackRest" : "";
          const wanted = counted.filter(({ what }) => !sidecar || !what.startsWith(sidecar));
          expect([...named].sort()).toEqual(wanted.map(({ port }) => port).sort());
        }
      }),
    );
  });
});

function rows(topology: Topology, index: number): string[] {
  const host = topology.hosts[index];
  if (host === undefined) throw new Error(`no host ${index}`);
  return portsOf(topology, host).map(
    ({ port, protocol, from, what }) => `${port}/${protocol} ${from} ${what}`,
  );
}
