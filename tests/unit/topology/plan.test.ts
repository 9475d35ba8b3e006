import * as fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { planTopology, type Topology } from "../../../model/topology";
import { addressOf, defaultSubnet, SLOTS } from "../../../model/topology/addresses";
import { declaredPorts, validConfig } from "./arbitrary";
import { placed, repeated } from "./instances";
import { stackConfig } from "./stacks";

/** One line for each container: what a person would write on a whiteboard. */
function whiteboard(topology: Topology): string[] {
  return placed(topology).map(
    ({ instance, ports }) =>
      `${instance.name} ip=${instance.ip} address=${instance.address} ports=${ports.join(",")}`,
  );
}

describe("the dev stack", () => {
  const topology = planTopology(stackConfig("dev"));

  it("has these names, addresses and ports", () => {
    expect(whiteboard(topology)).toMatchInlineSnapshot(`
      [
        "dev-local-consul-1 ip=198.18.201.130 address=198.18.201.130 ports=8300,8301,8501",
        "dev-local-consul-2 ip=198.18.201.131 address=198.18.201.131 ports=8310,8311,8511",
        "dev-local-consul-3 ip=198.18.201.132 address=198.18.201.132 ports=8320,8321,8521",
        "dev-local-agent-1 ip=198.18.201.137 address=198.18.201.137 ports=8391,8591",
        "dev-local-postgres-1 ip=198.18.201.151 address=198.18.201.151 ports=5432,8008",
        "dev-local-postgres-2 ip=198.18.201.152 address=198.18.201.152 ports=5433,8009",
        "dev-local-postgres-3 ip=198.18.201.153 address=198.18.201.153 ports=5434,8010",
        "dev-local-backrest-1 ip=198.18.201.169 address=198.18.201.169 ports=8433",
        "dev-local-backrest-2 ip=198.18.201.170 address=198.18.201.170 ports=8434",
        "dev-local-backrest-3 ip=198.18.201.171 address=198.18.201.171 ports=8435",
        "dev-local-haproxy-1 ip=198.18.201.138 address=198.18.201.138 ports=5000,5001,7000",
        "dev-local-pgbouncer-1 ip=198.18.201.142 address=198.18.201.142 ports=6432",
        "dev-local-pgbouncer-replicas-1 ip=198.18.201.146 address=198.18.201.146 ports=6433",
        "dev-local-backup-1 ip=198.18.201.150 address=198.18.201.150 ports=8432",
      ]
    `);
  });

  it("publishes to this machine only, and peers not at all", () => {
    expect(topology.hosts).toMatchInlineSnapshot(`
      [
        {
          "access": {
            "docker": "unix:///var/run/docker.sock",
            "hostKey": undefined,
            "name": "local",
          },
          "address": undefined,
          "clientAddress": "127.0.0.1",
          "dataPath": undefined,
          "filesHolder": "dev-local-files",
          "network": {
            "gateway": "198.18.201.129",
            "name": "dev",
            "subnet": "198.18.201.128/26",
          },
          "publishPeers": false,
          "reachable": true,
          "zone": undefined,
        },
      ]
    `);
  });

  it("pools through the haproxy of its host", () => {
    expect(topology.poolers.map((p) => `${p.target} ${p.name} via ${p.via.name}`))
      .toMatchInlineSnapshot(`
      [
        "primary dev-local-pgbouncer-1 via dev-local-haproxy-1",
        "replicas dev-local-pgbouncer-replicas-1 via dev-local-haproxy-1",
      ]
    `);
  });
});

describe("the prod stack", () => {
  const topology = planTopology(stackConfig("prod"));

  it("has these names, addresses and ports", () => {
    expect(whiteboard(topology)).toMatchInlineSnapshot(`
      [
        "orders-pg1-consul-1 ip=198.18.133.130 address=10.0.1.11 ports=8300,8301,8501",
        "orders-pg2-consul-1 ip=198.18.133.130 address=10.0.1.12 ports=8300,8301,8501",
        "orders-pg3-consul-1 ip=198.18.133.130 address=10.0.1.13 ports=8300,8301,8501",
        "orders-pg1-agent-1 ip=198.18.133.137 address=10.0.1.11 ports=8391,8591",
        "orders-pg2-agent-1 ip=198.18.133.137 address=10.0.1.12 ports=8391,8591",
        "orders-pg3-agent-1 ip=198.18.133.137 address=10.0.1.13 ports=8391,8591",
        "orders-pg1-postgres-1 ip=198.18.133.151 address=10.0.1.11 ports=5432,8008",
        "orders-pg2-postgres-1 ip=198.18.133.151 address=10.0.1.12 ports=5432,8008",
        "orders-pg3-postgres-1 ip=198.18.133.151 address=10.0.1.13 ports=5432,8008",
        "orders-pg1-backrest-1 ip=198.18.133.169 address=10.0.1.11 ports=8433",
        "orders-pg2-backrest-1 ip=198.18.133.169 address=10.0.1.12 ports=8433",
        "orders-pg3-backrest-1 ip=198.18.133.169 address=10.0.1.13 ports=8433",
        "orders-pg1-haproxy-1 ip=198.18.133.138 address=10.0.1.11 ports=5000,5001,7000",
        "orders-pg2-haproxy-1 ip=198.18.133.138 address=10.0.1.12 ports=5000,5001,7000",
        "orders-pg3-haproxy-1 ip=198.18.133.138 address=10.0.1.13 ports=5000,5001,7000",
        "orders-pg1-pgbouncer-1 ip=198.18.133.142 address=10.0.1.11 ports=6432",
        "orders-pg1-pgbouncer-replicas-1 ip=198.18.133.146 address=10.0.1.11 ports=6433",
        "orders-pg2-pgbouncer-1 ip=198.18.133.142 address=10.0.1.12 ports=6432",
        "orders-pg2-pgbouncer-replicas-1 ip=198.18.133.146 address=10.0.1.12 ports=6433",
        "orders-pg3-pgbouncer-1 ip=198.18.133.142 address=10.0.1.13 ports=6432",
        "orders-pg3-pgbouncer-replicas-1 ip=198.18.133.146 address=10.0.1.13 ports=6433",
        "orders-pg3-backup-1 ip=198.18.133.150 address=10.0.1.13 ports=8432",
      ]
    `);
  });

  it("publishes to clients and peers on the host's address", () => {
    expect(topology.hosts.map((h) => [h.clientAddress, h.publishPeers])).toEqual([
      ["10.0.1.11", true],
      ["10.0.1.12", true],
      ["10.0.1.13", true],
    ]);
  });

  it("gives every member the agent of its own host", () => {
    for (const member of topology.members) expect(member.agent.host).toBe(member.host);
  });
});

describe("a host that is not simply present", () => {
  const withState = (state: string): Topology =>
    planTopology(
      stackConfig("prod", (raw) => {
        const hosts = raw.hosts as Record<string, unknown>[];
        Object.assign(hosts[1] as object, { state });
        // An odd number of Consul servers stays: the third host has two.
        if (state === "retired")
          Object.assign(hosts[0] as object, { runs: { consul: 2, postgres: 1, haproxy: 1 } });
      }),
    );

  it("is in the plan while it is unreachable", () => {
    expect(whiteboard(withState("unreachable"))).toEqual(
      whiteboard(planTopology(stackConfig("prod"))),
    );
  });

  it("is gone once it is retired", () => {
    const topology = withState("retired");
    expect(topology.hosts.map((host) => host.access.name)).toEqual(["pg1", "pg3"]);
    expect(placed(topology).filter(({ instance }) => instance.host === "pg2")).toEqual([]);
  });
});

describe("a host that has an address and stands alone", () => {
  const alone = planTopology(
    stackConfig("dev", (raw) => {
      Object.assign((raw.hosts as object[])[0] as object, { address: "10.0.1.11" });
    }),
  );

  // Peers use the host's address there, so a port that is not published would cut them off.
  it("publishes the ports of peers, as they use its address", () => {
    expect(alone.hosts.map((h) => h.publishPeers)).toEqual([true]);
    expect(new Set(placed(alone).map(({ instance }) => instance.address))).toEqual(
      new Set(["10.0.1.11"]),
    );
  });
});

describe("addresses", () => {
  it("have slots that do not overlap and end inside a /26", () => {
    const taken = Object.values(SLOTS).flatMap(({ first, count }) =>
      Array.from({ length: count }, (_, n) => first + n),
    );
    expect(repeated(taken)).toEqual([]);
    expect(Math.min(...taken)).toBe(2);
    expect(Math.max(...taken)).toBeLessThan(63);
  });

  it("carry over octets and stay unsigned", () => {
    expect(addressOf("198.18.255.192/26", "postgres", 17)).toBe("198.18.255.232");
    expect(addressOf("10.1.0.0/16", "consul", 0)).toBe("10.1.0.2");
  });

  it("refuse what has no place", () => {
    expect(() => addressOf("198.18.128.0/26", "haproxy", 4)).toThrow(
      /haproxy number 5 on one host: at most 4 have a place in 198\.18\.128\.0\/26/,
    );
  });

  it("default to a /26 in the range for benchmarks, whatever the name", () => {
    fc.assert(
      fc.property(fc.string(), (cluster) => {
        const subnet = defaultSubnet(cluster);
        expect(ipaddr.IPv4.isValidCIDR(subnet)).toBe(true);
        const [address, bits] = ipaddr.IPv4.parseCIDR(subnet);
        expect(bits).toBe(26);
        expect(address.match(ipaddr.IPv4.parseCIDR("198.18.128.0/17"))).toBe(true);
        expect(ipaddr.IPv4.networkAddressFromCIDR(subnet).toString()).toBe(address.toString());
      }),
    );
  });
});

describe("any valid config", () => {
  const holds = (
    property: (topology: Topology, config: Parameters<typeof planTopology>[0]) => void,
  ) => fc.assert(fc.property(validConfig, (config) => property(planTopology(config), config)));

  it("gives no two containers of a host one ip", () => {
    holds((topology) => {
      const ips = placed(topology).map(({ instance }) => `${instance.host} ${instance.ip}`);
      expect(repeated(ips)).toEqual([]);
    });
  });

  it("gives no two containers of a host one port, and just the ports that the checks know", () => {
    holds((topology, config) => {
      const declared = declaredPorts(config);
      for (const { access } of topology.hosts) {
        const here = placed(topology).filter(({ instance }) => instance.host === access.name);
        const ports = here.flatMap((one) => one.ports);
        expect(repeated(ports)).toEqual([]);
        expect([...ports].sort((a, b) => a - b)).toEqual(declared.get(access.name));
      }
    });
  });

  it("gives unique names that Docker, DNS and TLS accept", () => {
    holds((topology) => {
      const names = [
        ...placed(topology).map(({ instance }) => instance.name),
        ...topology.hosts.map((host) => host.filesHolder),
      ];
      expect(repeated(names)).toEqual([]);
      for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/);
    });
  });

  it("is planned the same each time, from plain data", () => {
    holds((topology, config) => {
      expect(planTopology(structuredClone(config))).toEqual(topology);
      expect(JSON.parse(JSON.stringify(topology))).toEqual(topology);
    });
  });

  it("has every ip inside its subnet, apart from network, gateway and broadcast", () => {
    holds((topology) => {
      for (const { instance } of placed(topology)) {
        const network = topology.hosts.find((host) => host.access.name === instance.host)?.network;
        const cidr = network?.subnet ?? "";
        expect(ipaddr.IPv4.parse(instance.ip).match(ipaddr.IPv4.parseCIDR(cidr))).toBe(true);
        expect([
          network?.gateway,
          ipaddr.IPv4.networkAddressFromCIDR(cidr).toString(),
          ipaddr.IPv4.broadcastAddressFromCIDR(cidr).toString(),
        ]).not.toContain(instance.ip);
      }
    });
  });

  it("reaches peers by an address that is theirs and published", () => {
    holds((topology) => {
      for (const { instance } of placed(topology)) {
        const host = topology.hosts.find((one) => one.access.name === instance.host);
        expect(instance.address).toBe(host?.publishPeers ? host.address : instance.ip);
      }
    });
  });

  it("keeps every container where it is when a host is appended", () => {
    holds((topology, config) => {
      const first = config.hosts[0];
      if (first?.address === undefined) return;
      const added = { ...first, name: "zz-added", address: "10.9.1.1", docker: "ssh://a@10.9.1.1" };
      const after = planTopology({ ...config, hosts: [...config.hosts, added] });
      const before = placed(topology).map(({ instance }) => instance);
      const kept = placed(after).map(({ instance }) => instance);
      expect(kept.filter(({ host }) => host !== "zz-added")).toEqual(before);
      const names = topology.members.map((member) => member.name);
      expect(after.members.slice(0, names.length).map((member) => member.name)).toEqual(names);
      // Nor do poolers change the haproxy that they go through.
      expect(after.poolers.slice(0, topology.poolers.length)).toEqual(topology.poolers);
    });
  });

  it("pools through an haproxy of its own host where there is one", () => {
    holds((topology) => {
      for (const pooler of topology.poolers) {
        const local = topology.haproxies.filter((haproxy) => haproxy.host === pooler.host);
        if (local.length > 0) expect(pooler.via.host).toBe(pooler.host);
        expect(topology.haproxies).toContainEqual(pooler.via);
      }
    });
  });
});
