import type { HostConfig, StackConfig } from "../config";
import { addressOf, defaultSubnet, gatewayOf, type Slot } from "./addresses";
import type {
  ConsulAgentPlan,
  ConsulServerPlan,
  HaproxyPlan,
  HostPlan,
  Instance,
  MemberPlan,
  PoolerPlan,
  RepositoryPlan,
  Topology,
} from "./types";

/** Ports of a second one on the same host: design.md 4. */
const STEP = { small: 1, large: 10 } as const;

/**
 * Lays out the cluster: names, addresses and ports of everything, from config alone. Pure and
 * deterministic; the order of `members` is the order of the roll.
 */
export function planTopology(config: StackConfig): Topology {
  const active = config.hosts.filter((host) => host.state !== "retired");
  const planner = new Planner(config);
  const consulAgents = active.filter((h) => h.runs.postgres > 0).map((h) => planner.agent(h));
  const haproxies = active.flatMap((h) => planner.haproxies(h));
  return {
    cluster: config.cluster,
    datacenter: "dc1",
    hosts: active.map((h) => planner.host(h)),
    consulServers: active.flatMap((h) => planner.consulServers(h)),
    consulAgents,
    members: active.flatMap((h) => planner.members(h, consulAgents)),
    haproxies,
    poolers: active.flatMap((h) => planner.poolers(h, haproxies)),
    repository: active.flatMap((h) => planner.repositories(h))[0],
  };
}

class Planner {
  private readonly subnet: string;

  constructor(private readonly config: StackConfig) {
    this.subnet = config.network.subnet ?? defaultSubnet(config.cluster);
  }

  host(host: HostConfig): HostPlan {
    return {
      access: { name: host.name, docker: host.docker, hostKey: host.hostKey },
      address: host.address,
      zone: host.zone,
      reachable: host.state === "present",
      dataPath: host.dataPath,
      network: {
        name: this.config.cluster,
        subnet: this.subnet,
        gateway: gatewayOf(this.subnet),
      },
      filesHolder: `${this.config.cluster}-${host.name}-files`,
      clientAddress: host.address ?? "127.0.0.1",
      publishPeers: host.address !== undefined,
    };
  }

  consulServers(host: HostConfig): ConsulServerPlan[] {
    const { consulRpc, consulGossip, consulHttps } = this.config.ports;
    return times(host.runs.consul, (n) => ({
      ...this.instance(host, "consul", n),
      ports: {
        rpc: consulRpc + n * STEP.large,
        gossip: consulGossip + n * STEP.large,
        https: consulHttps + n * STEP.large,
      },
    }));
  }

  agent(host: HostConfig): ConsulAgentPlan {
    return {
      ...this.instance(host, "agent", 0),
      ports: { gossip: this.config.ports.agentGossip, https: this.config.ports.agentHttps },
    };
  }

  members(host: HostConfig, agents: readonly ConsulAgentPlan[]): MemberPlan[] {
    return times(host.runs.postgres, (n) => {
      const agent = agents.find((candidate) => candidate.host === host.name);
      if (agent === undefined) throw new Error(`topology: host ${host.name} has no Consul agent`);
      const backrest = this.instance(host, "backrest", n);
      return {
        ...this.instance(host, "postgres", n),
        port: this.config.ports.postgres + n * STEP.small,
        apiPort: this.config.ports.patroni + n * STEP.small,
        agent,
        // The base port is the repository's, there or not: a further member moves nothing.
        backrest: { ...backrest, port: this.config.ports.backrest + (n + 1) * STEP.small },
      };
    });
  }

  haproxies(host: HostConfig): HaproxyPlan[] {
    const { haproxyPrimary, haproxyReplicas, haproxyStats } = this.config.ports;
    return times(host.runs.haproxy, (n) => ({
      ...this.instance(host, "haproxy", n),
      ports: {
        primary: haproxyPrimary + n * STEP.large,
        replicas: haproxyReplicas + n * STEP.large,
        stats: haproxyStats + n * STEP.large,
      },
    }));
  }

  poolers(host: HostConfig, haproxies: readonly HaproxyPlan[]): PoolerPlan[] {
    const { pgbouncerPrimary, pgbouncerReplicas } = this.config.ports;
    return times(host.runs.pgbouncer, (n) => {
      const local = haproxies.filter((haproxy) => haproxy.host === host.name);
      const choice = local.length > 0 ? local : haproxies;
      const via = choice[n % choice.length];
      if (via === undefined) throw new Error("topology: a pgbouncer needs an haproxy");
      return [
        {
          ...this.instance(host, "pgbouncer", n),
          target: "primary" as const,
          port: pgbouncerPrimary + n * STEP.large,
          via,
        },
        {
          ...this.instance(host, "pgbouncerReplicas", n, "pgbouncer-replicas"),
          target: "replicas" as const,
          port: pgbouncerReplicas + n * STEP.large,
          via,
        },
      ];
    }).flat();
  }

  repositories(host: HostConfig): RepositoryPlan[] {
    return times(host.runs.backup, (n) => ({
      ...this.instance(host, "backup", n),
      port: this.config.ports.backrest,
    }));
  }

  private instance(host: HostConfig, slot: Slot, index: number, part: string = slot): Instance {
    const ip = addressOf(this.subnet, slot, index);
    return {
      name: `${this.config.cluster}-${host.name}-${part}-${index + 1}`,
      host: host.name,
      ip,
      address: host.address ?? ip,
    };
  }
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
