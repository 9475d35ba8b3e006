import type { Instance, Topology } from "./types";

/** Where a client connects. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Output `endpoints`: design.md 4. */
export interface Endpoints {
  readonly primary: readonly Endpoint[];
  readonly replicas: readonly Endpoint[];
  readonly pooledPrimary: readonly Endpoint[];
  readonly pooledReplicas: readonly Endpoint[];
  readonly direct: readonly Endpoint[];
  readonly stats: readonly Endpoint[];
  readonly consul: readonly Endpoint[];
}

/** Every endpoint that a client or a person may connect to. */
export function clientEndpoints(topology: Topology): Endpoints {
  const addresses = new Map(topology.hosts.map((h) => [h.access.name, h.clientAddress]));
  const at = (instance: Instance, port: number): Endpoint => ({
    host: addresses.get(instance.host) ?? instance.address,
    port,
  });
  const pools = (target: "primary" | "replicas"): Endpoint[] =>
    topology.poolers.filter((p) => p.target === target).map((p) => at(p, p.port));
  return {
    primary: topology.haproxies.map((h) => at(h, h.ports.primary)),
    replicas: topology.haproxies.map((h) => at(h, h.ports.replicas)),
    pooledPrimary: pools("primary"),
    pooledReplicas: pools("replicas"),
    direct: topology.members.map((m) => at(m, m.port)),
    stats: topology.haproxies.map((h) => at(h, h.ports.stats)),
    consul: topology.consulServers.map((s) => at(s, s.ports.https)),
  };
}

/** libpq URI over all endpoints of a kind, certificate verified; `sslrootcert` is the client's. */
export function connectionUri(args: {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly endpoints: readonly Endpoint[];
  /** libpq `target_session_attrs`; for direct connections. */
  readonly target?: string;
}): string {
  const hosts = args.endpoints.map(({ host, port }) => `${host}:${port}`).join(",");
  const query = new URLSearchParams({ sslmode: "verify-full" });
  if (args.target) query.set("target_session_attrs", args.target);
  const [user, password, database] = [args.user, args.password, args.database].map(
    encodeURIComponent,
  );
  return `postgresql://${user}:${password}@${hosts}/${database}?${query.toString()}`;
}
