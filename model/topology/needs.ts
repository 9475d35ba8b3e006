import type { StackConfig } from "../config";
import type { HostNeeds, PlannedPort, TriedHost } from "../hostResources";
import { addressOf } from "./addresses";
import { portsOf } from "./ports";
import type { HostPlan, Instance, Topology } from "./types";

/** What a host has to offer before the cluster can be put on it. */
export function needsOf(config: StackConfig, topology: Topology, host: HostPlan): HostNeeds {
  return {
    access: host.access,
    address: host.clientAddress,
    ports: plannedPorts(topology, host),
    containers: containersOf(topology, host),
    memoryMiB: memoryOf(config, topology, host),
    dataPath: host.dataPath,
  };
}

/** A host as the others try it; undefined when nothing on it is published for others. */
export function triedOf(topology: Topology, host: HostPlan): TriedHost | undefined {
  const ports = plannedPorts(topology, host);
  if (host.address === undefined || ports.length === 0) return undefined;
  return {
    access: host.access,
    address: host.address,
    ports,
    containers: containersOf(topology, host),
    network: host.network,
    ip: addressOf(host.network.subnet, "preflight", 0),
  };
}

/** Each published port once, whoever uses it. */
function plannedPorts(topology: Topology, host: HostPlan): PlannedPort[] {
  const ports = new Map<string, PlannedPort>();
  for (const { port, protocol, from, what } of portsOf(topology, host)) {
    const key = `${port}/${protocol}`;
    const known = ports.get(key);
    const peers = from === "peers" || known?.peers === true;
    ports.set(key, { port, protocol, what: known?.what ?? what, peers });
  }
  return [...ports.values()];
}

function containersOf(topology: Topology, host: HostPlan): string[] {
  const { repository } = topology;
  return [
    ...topology.consulServers,
    ...topology.consulAgents,
    ...topology.members,
    ...(repository ? [...topology.members.map((member) => member.backrest), repository] : []),
    ...topology.haproxies,
    ...topology.poolers,
  ]
    .filter((instance) => instance.host === host.access.name)
    .map((instance) => instance.name);
}

/**
 * MiB that the containers of a host may use together. The pgBackRest sidecars of all members count
 * as one: a backup reads one member at a time, and the others do nothing.
 */
function memoryOf(config: StackConfig, topology: Topology, host: HostPlan): number {
  const { memoryMiB } = config.resources;
  const here = (instances: readonly Instance[]): number =>
    instances.filter((instance) => instance.host === host.access.name).length;
  const members = here(topology.members);
  const { repository } = topology;
  return (
    here(topology.consulServers) * memoryMiB.consul +
    here(topology.consulAgents) * memoryMiB.consulAgent +
    members * memoryMiB.postgres +
    here(topology.haproxies) * memoryMiB.haproxy +
    here(topology.poolers) * memoryMiB.pgbouncer +
    (repository ? (here([repository]) + Math.min(members, 1)) * memoryMiB.backup : 0)
  );
}
