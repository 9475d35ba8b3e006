/** What `status` finds: plain data, printed as it is by --json. */
import type { Verdict } from "../exitCode";

/** Stands for the state of what runs on a host whose engine does not answer. */
export const UNREACHABLE = "unreachable";

/** A host. */
export interface HostRow {
  readonly name: string;
  /** Why its engine does not answer; null when it does. */
  readonly error: string | null;
  /** Containers that it should run. */
  readonly containers: number;
  /** Containers that run; null when its engine does not answer. */
  readonly running: number | null;
}

/** A member. */
export interface MemberRow {
  readonly name: string;
  readonly host: string;
  /** `leader`, `standby_leader`, `replica`; `unknown` when Patroni's view does not have it. */
  readonly role: string;
  /**
   * Patroni's word (`running`, `streaming`, ...), the container's when that does not run, or
   * `unreachable` when its host is: the rest of the row is then what the other members see.
   */
  readonly state: string;
  readonly timeline: number | null;
  /** Bytes behind the leader; null for the leader and when it cannot be told. */
  readonly lagBytes: number | null;
  /** `quorum`, `sync` or `async`; null for the leader. */
  readonly sync: "quorum" | "sync" | "async" | null;
  readonly pendingRestart: boolean;
}

/** An endpoint, tried by a login and a query from inside its own container. */
export interface EndpointRow {
  readonly kind: "primary" | "replicas" | "pooledPrimary" | "pooledReplicas";
  readonly host: string;
  /** Name of the host in the stack config. */
  readonly runsOn: string;
  readonly port: number;
  /** Who answered; null when nobody did. */
  readonly answeredBy: "leader" | "replica" | null;
  /** Milliseconds from the connection to the answer. */
  readonly milliseconds: number | null;
  readonly error: string | null;
}

/** The consensus store. */
export interface ConsulRow {
  /** Container of the leading server, or its address; null when there is none. */
  readonly leader: string | null;
  readonly healthy: boolean;
  /** Each server with what autopilot thinks of it. */
  readonly servers: string;
  readonly error: string | null;
}

/** A PgBouncer, its pools summed up. */
export interface PoolRow {
  readonly name: string;
  /** Name of its host. */
  readonly runsOn: string;
  readonly port: number;
  readonly clientsActive: number;
  readonly clientsWaiting: number;
  readonly serversActive: number;
  readonly serversIdle: number;
  /** Longest time that a waiting client has waited. */
  readonly maxWaitSeconds: number;
  /** Databases that are paused; `*` when all are. */
  readonly paused: readonly string[];
  readonly error: string | null;
}

/** Backups and the WAL archive; null where there is no repository. */
export interface BackupRow {
  readonly stanza: string;
  readonly count: number;
  readonly running: boolean;
  readonly last: {
    readonly label: string;
    readonly type: string;
    /** Unix seconds. */
    readonly start: number;
    readonly stop: number;
  } | null;
  /** Archiving of WAL: what the leader says; null when it could not be asked. */
  readonly archive: {
    readonly lastArchivedSecondsAgo: number | null;
    /** True when the last attempt failed. */
    readonly failing: boolean;
  } | null;
  readonly error: string | null;
}

/** A container that is not as it should be. */
export interface ContainerProblem {
  readonly container: string;
  readonly host: string;
  readonly found: string;
}

/** All that was found, before it is judged. */
export interface Findings {
  readonly cluster: string;
  /** ISO 8601. */
  readonly checkedAt: string;
  /** Name of the leader that runs; null when there is none. */
  readonly leader: string | null;
  /** Whether Patroni is in maintenance mode: nothing fails over. */
  readonly paused: boolean;
  readonly hosts: readonly HostRow[];
  readonly members: readonly MemberRow[];
  /** Why there is no view of the members at all. */
  readonly membersError: string | null;
  readonly endpoints: readonly EndpointRow[];
  readonly consul: ConsulRow;
  readonly pools: readonly PoolRow[];
  readonly backup: BackupRow | null;
  readonly containers: readonly ContainerProblem[];
}

/** Findings with the judgement. */
export interface Status extends Findings {
  readonly verdict: Verdict;
  /** One sentence each; empty when healthy. */
  readonly problems: readonly string[];
}
