import type { StackConfig } from "./schema";
import type { HostConfig } from "./schema/hosts";
import type { PortsConfig } from "./schema/services";

/** One port that one thing on a host listens on. */
export interface PortUse {
  readonly port: number;
  /** Key of `ports` that it comes from. */
  readonly key: keyof PortsConfig;
  /** What listens, for messages: "HAProxy 2 primary". */
  readonly what: string;
}

interface Listener {
  readonly key: keyof PortsConfig;
  readonly what: string;
  readonly count: number;
  readonly step: number;
  /** Steps above the base port at which the first one stands. */
  readonly first?: number;
}

/** Every port that a host uses, for clients and for peers, in a fixed order. */
export function portsOfHost(config: StackConfig, host: HostConfig): PortUse[] {
  return listenersOf(host).flatMap(({ key, what, count, step, first = 0 }) =>
    Array.from({ length: count }, (_, index) => ({
      port: config.ports[key] + (first + index) * step,
      key,
      what: count > 1 ? `${what} ${index + 1}` : what,
    })),
  );
}

function listenersOf({ runs }: HostConfig): Listener[] {
  const agents = runs.postgres > 0 ? 1 : 0;
  return [
    { key: "postgres", what: "PostgreSQL", count: runs.postgres, step: 1 },
    { key: "patroni", what: "Patroni", count: runs.postgres, step: 1 },
    { key: "haproxyPrimary", what: "HAProxy primary", count: runs.haproxy, step: 10 },
    { key: "haproxyReplicas", what: "HAProxy replicas", count: runs.haproxy, step: 10 },
    { key: "haproxyStats", what: "HAProxy stats", count: runs.haproxy, step: 10 },
    { key: "pgbouncerPrimary", what: "PgBouncer primary", count: runs.pgbouncer, step: 10 },
    { key: "pgbouncerReplicas", what: "PgBouncer replicas", count: runs.pgbouncer, step: 10 },
    { key: "consulRpc", what: "Consul RPC", count: runs.consul, step: 10 },
    { key: "consulGossip", what: "Consul gossip", count: runs.consul, step: 10 },
    { key: "consulHttps", what: "Consul HTTPS", count: runs.consul, step: 10 },
    { key: "agentGossip", what: "Consul agent gossip", count: agents, step: 1 },
    { key: "agentHttps", what: "Consul agent HTTPS", count: agents, step: 1 },
    // The base port is the repository's, there or not: a further member moves nothing.
    { key: "backrest", what: "pgBackRest repository", count: Math.min(runs.backup, 1), step: 1 },
    { key: "backrest", what: "pgBackRest", count: runs.postgres, step: 1, first: 1 },
  ];
}
