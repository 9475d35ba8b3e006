/**
 * Inputs of the resource types that keep a change of a running cluster from harming it: gates before
 * containers, and what comes after one that goes for good. See model/resources.ts.
 */
import type { ConsulAccess, ContainerAccess, MemberAccess, PoolerAccess } from "./access";

/** What stands between clients and members, on all hosts: told before clients could notice. */
export interface FrontAccess {
  readonly haproxies: readonly ContainerAccess[];
  readonly poolers: readonly PoolerAccess[];
}

/** How long a move of leadership may take, and which replica may take it. */
export interface MoveLimits {
  /** Seconds for others to be streaming and for the move. */
  readonly timeoutSeconds: number;
  /** Most replay lag, in bytes, of a member that counts as streaming. */
  readonly maximumLagBytes: number;
}

/** What the cluster is made of: refuses two members at once, lost quorum, another major. */
export interface ClusterShapeInputs {
  readonly cluster: string;
  /** Name -> address and RPC port, by which the others know it for good. */
  readonly consulServers: Readonly<Record<string, string>>;
  readonly members: readonly string[];
  /** Members and Consul servers on hosts that are out: none of them can stand in for one that goes. */
  readonly out: readonly string[];
  /** HAProxies, PgBouncers and the repository, by name: told in the plan when they come or go. */
  readonly endpoints: readonly string[];
  /** Whether a commit waits for a standby (`failover.synchronous` is not `off`). */
  readonly synchronous: boolean;
  /** Declared users: one that is taken out of the config would lose its password. */
  readonly users: readonly string[];
  readonly postgresVersion: number;
  /** Debian suite of the members' image: its libc orders texts, and indexes rely on that order. */
  readonly baseSuite: string;
  /** PostgreSQL's parameters that want a restart of every member. */
  readonly restartParameters: Readonly<Record<string, string | number | boolean>>;
}

/** A container behind a gate. */
export interface GatedContainer {
  /** Name of the cluster: scope of Patroni, and name of its network on each host. */
  readonly cluster: string;
  /** Tag of the image that the container is made from. */
  readonly image: string;
  /** Changes with whatever replaces the container. */
  readonly trigger: string;
  /** Memory limit in MiB. It changes while the container runs: told in the plan, no reason for the gate. */
  readonly memoryMiB: number;
  /** Set by Read, never declared: the container does not run, and to replace it is to repair it. */
  readonly down?: boolean | undefined;
}

/**
 * Who belongs to the cluster: moves leadership away from members that are going to leave, before
 * anything else is changed.
 */
export interface RosterInputs extends FrontAccess, MoveLimits {
  /** Names of all members, also those on hosts that are out. */
  readonly names: readonly string[];
  /** Those that can be reached. */
  readonly members: readonly MemberAccess[];
}
/** Computed by Roster. */
export interface RosterState extends RosterInputs {
  /** Members that the last change took out: until they are gone one could be given the lead again. */
  readonly left: readonly MemberAccess[];
}

/** Who knows whether a backup runs, which the replacement of a container would break off. */
export interface BackupAccess {
  /** The repository; absent where there is none or it cannot be reached. */
  readonly repository?: ContainerAccess | undefined;
  readonly stanza: string;
}

/** Stands before a member's delete: the strict gate, and leadership moved away. */
export interface DrainInputs extends GatedContainer, FrontAccess, MoveLimits, BackupAccess {
  readonly member: MemberAccess;
  /** All members that can be reached, in the order of the roll. */
  readonly members: readonly MemberAccess[];
  /** How many members are on hosts that are out, and not among them. */
  readonly unreachable: number;
  /** Servers that know the member, for when it has left. */
  readonly consul: readonly ConsulAccess[];
  /** Secret. */
  readonly managementToken: string;
}

/** Follows a member's container, so its delete comes just before that: no leader is taken away. */
export interface MemberExitInputs extends FrontAccess, MoveLimits {
  readonly member: MemberAccess;
  /** All members that can be reached, in the order of the roll. */
  readonly members: readonly MemberAccess[];
}

/** Stands before the container of a Consul server or agent, and makes the others forget it. */
export interface ConsulNodeInputs extends GatedContainer {
  /** Its container; the name of the node is that of the container. */
  readonly node: ContainerAccess;
  /** `ADDRESS:PORT` by which the servers know a server; absent for an agent. */
  readonly raftAddress?: string | undefined;
  /** Servers that can be reached, itself among them. */
  readonly servers: readonly ConsulAccess[];
  /** How many servers are on hosts that are out, and not among them. */
  readonly serversOut: number;
  /** All agents on hosts that can be reached. */
  readonly agents: readonly ContainerAccess[];
  /** Secret. */
  readonly managementToken: string;
  /** Seconds for the others to be well, and for the node to be forgotten. */
  readonly timeoutSeconds: number;
}

/** A PgBouncer, and the port of the HAProxy that it goes through. */
export interface ThroughHaproxy {
  readonly pooler: ContainerAccess;
  readonly address: string;
  readonly port: number;
}

/** Stands before the container of an HAProxy or a PgBouncer. */
export interface EndpointGateInputs extends GatedContainer {
  readonly kind: "haproxy" | "pgbouncer";
  readonly endpoint: ContainerAccess;
  /** The others that serve the same, on hosts that can be reached, in the order of a roll. */
  readonly others: readonly ContainerAccess[];
  /** How many of them come before it in a roll. */
  readonly before: number;
  /** PgBouncers that wait until the endpoint is back: those that go through it. */
  readonly through: readonly ThroughHaproxy[];
  /** Seconds for the others to serve. */
  readonly timeoutSeconds: number;
}

/** Stands before a container of pgBackRest: the repository, or a member's sidecar. */
export interface BackupGateInputs extends GatedContainer, BackupAccess {
  readonly container: ContainerAccess;
}
