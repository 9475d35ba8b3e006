import type { HostPlan, Instance, Topology } from "./types";

/**
 * Who has to reach a port. `peers`: the other hosts of the cluster. `clients`: applications.
 * `operator`: people and their monitoring. `host`: containers of the same host only.
 */
export type PortUser = "peers" | "clients" | "operator" | "host";

/** A port that a host publishes, and who has to reach it there. */
export interface HostPort {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  readonly from: PortUser;
  /** What listens, and what for: "PostgreSQL: replication, HAProxy". */
  readonly what: string;
}

/**
 * The port table of a host: one row for each port, protocol and user, in a fixed order. What every
 * container of the same host may reach anyway is named only where nobody else uses it. Ports that
 * are not published, as between the parts of a host without an address, are left out.
 */
export function portsOf(topology: Topology, host: HostPlan): HostPort[] {
  const published = (row: HostPort): boolean =>
    host.publishPeers || !["peers", "host"].includes(row.from);
  return [
    ...consulPorts(topology, host),
    ...memberPorts(topology, host),
    ...proxyPorts(topology, host),
    ...here(topology.poolers, host).map((pooler) =>
      tcp(pooler.port, "clients", `PgBouncer ${pooler.target}`),
    ),
    ...here(topology.repository ? [topology.repository] : [], host).map(({ port }) =>
      tcp(port, "peers", "pgBackRest repository: WAL archive, restore"),
    ),
  ].filter(published);
}

function consulPorts(topology: Topology, host: HostPlan): HostPort[] {
  return [
    ...here(topology.consulServers, host).flatMap(({ ports }) => [
      tcp(ports.rpc, "peers", "Consul server: RPC, raft"),
      ...gossip(ports.gossip, "Consul server: gossip"),
      tcp(ports.https, "operator", "Consul server: HTTPS API and page"),
    ]),
    ...here(topology.consulAgents, host).flatMap(({ ports }) => [
      ...gossip(ports.gossip, "Consul agent: gossip"),
      tcp(ports.https, "host", "Consul agent: HTTPS for Patroni"),
    ]),
  ];
}

function memberPorts(topology: Topology, host: HostPlan): HostPort[] {
  const { repository } = topology;
  return here(topology.members, host).flatMap(({ port, apiPort, backrest }) => [
    tcp(port, "peers", "PostgreSQL: replication, HAProxy"),
    tcp(port, "clients", "PostgreSQL: direct"),
    tcp(apiPort, "peers", "Patroni: health checks, failover"),
    tcp(apiPort, "operator", "Patroni: metrics, REST API"),
    ...(repository
      ? [tcp(backrest.port, "peers", "pgBackRest: the repository reads the data")]
      : []),
  ]);
}

function proxyPorts(topology: Topology, host: HostPlan): HostPort[] {
  return here(topology.haproxies, host).flatMap((haproxy) => {
    const { primary, replicas, stats } = haproxy.ports;
    // A PgBouncer goes through the HAProxy of its own host where there is one.
    const remote = topology.poolers.filter(
      ({ via, host: from }) => via.name === haproxy.name && from !== haproxy.host,
    );
    const through = (target: "primary" | "replicas", port: number): HostPort[] =>
      remote.some((pooler) => pooler.target === target)
        ? [tcp(port, "peers", `HAProxy ${target}: PgBouncer of another host`)]
        : [];
    return [
      tcp(primary, "clients", "HAProxy primary"),
      ...through("primary", primary),
      tcp(replicas, "clients", "HAProxy replicas"),
      ...through("replicas", replicas),
      tcp(stats, "operator", "HAProxy: stats, metrics"),
    ];
  });
}

function here<T extends Instance>(instances: readonly T[], host: HostPlan): readonly T[] {
  return instances.filter((instance) => instance.host === host.access.name);
}

function tcp(port: number, from: PortUser, what: string): HostPort {
  return { port, protocol: "tcp", from, what };
}

function gossip(port: number, what: string): HostPort[] {
  return (["tcp", "udp"] as const).map((protocol) => ({ port, protocol, from: "peers", what }));
}
