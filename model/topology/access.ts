import type {
  ConsulAccess,
  ContainerAccess,
  HostAccess,
  MemberAccess,
  PoolerAccess,
} from "../access";
import type { FrontAccess } from "../changeResources";
import type {
  ConsulServerPlan,
  HostPlan,
  Instance,
  MemberPlan,
  PoolerPlan,
  Topology,
} from "./types";

/** The plan of the host that an instance runs on. */
export function hostOf(topology: Topology, instance: Pick<Instance, "host">): HostPlan {
  const host = topology.hosts.find((candidate) => candidate.access.name === instance.host);
  if (host === undefined) throw new Error(`topology: no host named ${instance.host}`);
  return host;
}

/** How the control path reaches a member. */
export function memberAccess(topology: Topology, member: MemberPlan): MemberAccess {
  return {
    host: accessOf(topology, member),
    container: member.name,
    name: member.name,
    address: member.address,
    port: member.port,
    apiPort: member.apiPort,
  };
}

/** How the control path reaches a Consul server. */
export function consulAccess(topology: Topology, server: ConsulServerPlan): ConsulAccess {
  return {
    host: accessOf(topology, server),
    container: server.name,
    httpsPort: server.ports.https,
    address: server.address,
  };
}

/** How the control path reaches any other container. */
export function containerAccess(topology: Topology, instance: Instance): ContainerAccess {
  return { host: accessOf(topology, instance), container: instance.name };
}

/** How the control path reaches a PgBouncer. */
export function poolerAccess(topology: Topology, pooler: PoolerPlan): PoolerAccess {
  const { port, target } = pooler;
  return { ...containerAccess(topology, pooler), port, target };
}

/** What stands between clients and members, as far as it can be reached now. */
export function frontAccess(topology: Topology): FrontAccess {
  const { haproxies, poolers } = reachable(topology);
  return {
    haproxies: haproxies.map((one) => containerAccess(topology, one)),
    poolers: poolers.map((one) => poolerAccess(topology, one)),
  };
}

/** The part of a topology that can be reached now. */
export function reachable(topology: Topology): Topology {
  const here = <T extends Instance>(instances: readonly T[]): T[] =>
    instances.filter((instance) => hostOf(topology, instance).reachable);
  const { consulServers, consulAgents, members, haproxies, poolers, repository } = topology;
  return {
    ...topology,
    consulServers: here(consulServers),
    consulAgents: here(consulAgents),
    members: here(members),
    haproxies: here(haproxies),
    poolers: here(poolers),
    repository: repository && here([repository])[0],
  };
}

function accessOf(topology: Topology, instance: Instance): HostAccess {
  return hostOf(topology, instance).access;
}
