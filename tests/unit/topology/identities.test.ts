import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  certificateIdentities,
  type CertificateIdentity,
  clientEndpoints,
  type Endpoint,
  planTopology,
  type Topology,
} from "../../../model/topology";
import { validConfig } from "./arbitrary";
import { placed } from "./instances";
import { stackConfig } from "./stacks";

function named(topology: Topology, name: string): CertificateIdentity {
  const identity = certificateIdentities(topology).get(name);
  if (identity === undefined) throw new Error(`no certificate for ${name}`);
  return identity;
}

/** The certificates that a client may meet at an endpoint. */
function metAt(topology: Topology, kind: string, endpoint: Endpoint): CertificateIdentity[] {
  const through = kind === "primary" || kind === "replicas" || kind === "direct";
  const instances = through
    ? topology.members.filter(
        (m) => kind !== "direct" || serves(topology, m.host, endpoint, m.port),
      )
    : [...topology.haproxies, ...topology.poolers, ...topology.consulServers].filter((one) => {
        const ports = "ports" in one ? Object.values(one.ports) : [one.port];
        return ports.some((port) => serves(topology, one.host, endpoint, port));
      });
  return instances.map((instance) => named(topology, instance.name));
}

function serves(topology: Topology, host: string, endpoint: Endpoint, port: number): boolean {
  const plan = topology.hosts.find((one) => one.access.name === host);
  return plan?.clientAddress === endpoint.host && endpoint.port === port;
}

describe("the certificates of any valid config", () => {
  const holds = (property: (topology: Topology) => void) =>
    fc.assert(
      fc.property(validConfig, (config) => property(planTopology(config))),
      { numRuns: 60 },
    );

  it("are there for every container; a sidecar shows its member's", () => {
    holds((topology) => {
      const identities = certificateIdentities(topology);
      const own = placed(topology).filter(({ kind }) => kind !== "backrest");
      expect([...identities.keys()].sort()).toEqual(own.map((p) => p.instance.name).sort());
      for (const { instance } of own) {
        const identity = named(topology, instance.name);
        expect(identity.dnsNames).toContain(instance.name);
        expect(identity.ipAddresses).toEqual(
          expect.arrayContaining([instance.ip, instance.address, "127.0.0.1"]),
        );
      }
    });
  });

  it("name every address that clients use, at whatever it ends", () => {
    holds((topology) => {
      for (const [kind, endpoints] of Object.entries(clientEndpoints(topology))) {
        for (const endpoint of endpoints as Endpoint[]) {
          const met = metAt(topology, kind, endpoint);
          expect(met.length).toBeGreaterThan(0);
          for (const identity of met) expect(identity.ipAddresses).toContain(endpoint.host);
        }
      }
    });
  });

  it("name the haproxy address through which pgbouncer reaches the members", () => {
    holds((topology) => {
      for (const { via } of topology.poolers) {
        for (const member of topology.members) {
          expect(named(topology, member.name).ipAddresses).toContain(via.address);
        }
      }
    });
  });

  it("name what pgBackRest connects to, as a DNS name", () => {
    holds((topology) => {
      const { repository } = topology;
      if (repository === undefined) return;
      expect(named(topology, repository.name).dnsNames).toContain(repository.address);
      for (const member of topology.members) {
        expect(named(topology, member.name).dnsNames).toContain(member.backrest.address);
        expect(named(topology, member.name).ipAddresses).toContain(member.backrest.ip);
      }
    });
  });

  it("give nothing to an haproxy or a pgbouncer that would make it an administrator", () => {
    holds((topology) => {
      for (const { name } of [...topology.haproxies, ...topology.poolers]) {
        expect(named(topology, name).usages).toEqual(["server"]);
      }
      for (const { name } of [...topology.members, ...topology.consulServers]) {
        expect(named(topology, name).usages).toEqual(["server", "client"]);
      }
    });
  });

  it("let only Consul servers act as Consul servers", () => {
    holds((topology) => {
      const role = `server.${topology.datacenter}.consul`;
      const holders = [...certificateIdentities(topology).values()]
        .filter((identity) => identity.dnsNames.includes(role))
        .map((identity) => identity.name);
      expect(holders).toEqual(topology.consulServers.map((server) => server.name));
    });
  });
});

describe("the certificates of the tracked stacks", () => {
  it.each(["dev", "prod"] as const)("of %s are these", (stack) => {
    expect([...certificateIdentities(planTopology(stackConfig(stack))).values()]).toMatchSnapshot();
  });
});
