import type { HostAccess } from "../access";

/** A host and what the cluster puts on it. */
export interface HostPlan {
  readonly access: HostAccess;
  /** Address that peers and clients reach; undefined on a one-host stack without one. */
  readonly address?: string | undefined;
  readonly zone?: string | undefined;
  /** False for `state: unreachable`: nothing on it is asked or changed. */
  readonly reachable: boolean;
  /** Absolute directory for data instead of named volumes. */
  readonly dataPath?: string | undefined;
  /** Bridge network of the cluster on this host. */
  readonly network: { readonly name: string; readonly subnet: string; readonly gateway: string };
  /** Never-started container through which config volumes are written. */
  readonly filesHolder: string;
  /** Address on which client ports are published. */
  readonly clientAddress: string;
  /**
   * Peer ports are published where peers use the host's address, even while there is no other host:
   * so a second one changes no container of the first.
   */
  readonly publishPeers: boolean;
}

/** One container's place and identity. Everything is a plain string: nothing waits for an output. */
export interface Instance {
  /** Container name, certificate name, and node or member name. */
  readonly name: string;
  /** Name of its host. */
  readonly host: string;
  /** Fixed address on the host's bridge network. */
  readonly ip: string;
  /** Address that peers use: the host's, or the fixed one where the host has none. */
  readonly address: string;
}

/** A Consul server. */
export interface ConsulServerPlan extends Instance {
  readonly ports: { readonly rpc: number; readonly gossip: number; readonly https: number };
}

/** The Consul client agent of a host: the only Consul that Patroni talks to. */
export interface ConsulAgentPlan extends Instance {
  readonly ports: { readonly gossip: number; readonly https: number };
}

/** A PostgreSQL member run by Patroni, with its pgBackRest sidecar. */
export interface MemberPlan extends Instance {
  readonly port: number;
  readonly apiPort: number;
  /** The agent of its host. */
  readonly agent: ConsulAgentPlan;
  /** The sidecar that lets the repository host reach PGDATA. */
  readonly backrest: Instance & { readonly port: number };
}

/** An HAProxy. */
export interface HaproxyPlan extends Instance {
  readonly ports: { readonly primary: number; readonly replicas: number; readonly stats: number };
}

/** One PgBouncer process: a listener has one port, so primary and replicas are two. */
export interface PoolerPlan extends Instance {
  readonly target: "primary" | "replicas";
  readonly port: number;
  /** HAProxy that it goes through: on its own host where there is one. */
  readonly via: HaproxyPlan;
}

/** The pgBackRest repository host. */
export interface RepositoryPlan extends Instance {
  readonly port: number;
}

/** The whole cluster, in deterministic order. */
export interface Topology {
  readonly cluster: string;
  /** Consul datacenter. */
  readonly datacenter: string;
  readonly hosts: readonly HostPlan[];
  readonly consulServers: readonly ConsulServerPlan[];
  readonly consulAgents: readonly ConsulAgentPlan[];
  readonly members: readonly MemberPlan[];
  readonly haproxies: readonly HaproxyPlan[];
  readonly poolers: readonly PoolerPlan[];
  readonly repository?: RepositoryPlan | undefined;
}
