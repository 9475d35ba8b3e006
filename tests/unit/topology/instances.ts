import type { Instance, Topology } from "../../../model/topology";

/** An instance, its kind and every port that it listens on. */
export interface Placed {
  readonly kind: string;
  readonly instance: Instance;
  readonly ports: readonly number[];
}

/** Every container of a topology. */
export function placed(topology: Topology): Placed[] {
  const { repository } = topology;
  return [
    ...topology.consulServers.map((s) => place("consul", s, Object.values(s.ports))),
    ...topology.consulAgents.map((a) => place("agent", a, Object.values(a.ports))),
    ...topology.members.map((m) => place("postgres", m, [m.port, m.apiPort])),
    ...topology.members.map((m) => place("backrest", m.backrest, [m.backrest.port])),
    ...topology.haproxies.map((h) => place("haproxy", h, Object.values(h.ports))),
    ...topology.poolers.map((p) => place("pgbouncer", p, [p.port])),
    ...(repository ? [place("backup", repository, [repository.port])] : []),
  ];
}

function place(kind: string, instance: Instance, ports: readonly number[]): Placed {
  return { kind, instance, ports };
}

/** Entries of a list that stand there more than once. */
export function repeated<T>(values: readonly T[]): T[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}
