import { DEFAULT_MAX_CONNECTIONS, type StackConfig } from "../config";
import { restartFor } from "../restartParameters";
import type { Topology } from "../topology";
import { PGBACKREST_FILE, stanzaName } from "./pgbackrest";

/** Patroni's timing in seconds; loop_wait + 2 x retry_timeout <= ttl (Patroni's own rule). */
const TIMING = {
  fast: { ttl: 20, loop_wait: 1, retry_timeout: 3 },
  balanced: { ttl: 20, loop_wait: 2, retry_timeout: 5 },
  tolerant: { ttl: 60, loop_wait: 5, retry_timeout: 15 },
} as const;

/** Replay lag, in bytes, up to which a replica may be promoted (asynchronous mode) or answers reads. */
export const MAXIMUM_LAG_BYTES = 16 * 1024 * 1024;

/** Seconds for which Patroni keeps the replication slot of a member that is away. */
const MEMBER_SLOTS_TTL = 1800;

/** Patroni's dynamic configuration, the part that the program owns. */
export function dynamicConfig(config: StackConfig, topology: Topology): Record<string, unknown> {
  const { profile, synchronous, strict } = config.failover;
  return {
    ...TIMING[profile],
    maximum_lag_on_failover: 1048576,
    // A crashed leader is not waited for when a healthy standby can lead at once.
    primary_start_timeout: profile === "tolerant" ? 300 : 15,
    // While all members still see each other, a leader outlives the loss of Consul.
    failsafe_mode: true,
    // Patroni's default. Declared, as it is lowered for a moment when a member has left for good.
    member_slots_ttl: MEMBER_SLOTS_TTL,
    synchronous_mode: synchronous === "quorum" ? "quorum" : synchronous === "on",
    synchronous_mode_strict: strict,
    synchronous_node_count: 1,
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      parameters: postgresParameters(config, topology),
    },
  };
}

function postgresParameters(
  config: StackConfig,
  topology: Topology,
): Record<string, string | number | boolean> {
  return {
    ...sizedParameters(config),
    max_connections: DEFAULT_MAX_CONNECTIONS,
    max_wal_senders: walSenders(topology),
    max_replication_slots: walSenders(topology),
    wal_level: "replica",
    wal_log_hints: "on",
    wal_keep_size: "128MB",
    hot_standby_feedback: "on",
    password_encryption: "scram-sha-256",
    shared_preload_libraries: "pg_stat_statements",
    log_checkpoints: "on",
    log_lock_waits: "on",
    log_line_prefix: "%m [%p] %q%u@%d ",
    // A dead client or standby is noticed in seconds, not in the kernel's two hours.
    tcp_keepalives_idle: 10,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
    wal_sender_timeout: "10s",
    wal_receiver_timeout: "10s",
    ...archiving(topology),
    ...config.postgres.parameters,
  };
}

/** Those of the parameters that PostgreSQL takes at a start only. */
export function restartParameters(
  config: StackConfig,
  topology: Topology,
): Record<string, string | number | boolean> {
  const all = Object.entries(postgresParameters(config, topology));
  return Object.fromEntries(all.filter(([name]) => restartFor(name) === "always"));
}

/**
 * Two for each member and its base backup, the repository, and some to spare. PostgreSQL takes another
 * number at a restart only: the same one for up to six members, so that a new one restarts nobody.
 */
function walSenders({ members }: Topology): number {
  return Math.max(20, members.length * 2 + 8);
}

/** Shares of memory as PostgreSQL's documentation advises: a quarter for buffers, the rest cache. */
function sizedParameters(config: StackConfig): Record<string, string> {
  const memory = config.resources.memoryMiB.postgres;
  const megabytes = (value: number): string => `${Math.max(1, Math.floor(value))}MB`;
  return {
    shared_buffers: megabytes(memory / 4),
    effective_cache_size: megabytes((memory * 3) / 4),
    maintenance_work_mem: megabytes(Math.min(2048, memory / 16)),
    work_mem: megabytes(Math.max(4, memory / 256)),
  };
}

/** `archive_mode` is always on: only its command can be changed later without a restart. */
function archiving(topology: Topology): Record<string, string> {
  const { repository } = topology;
  const always = { archive_mode: "on", archive_timeout: "60s" };
  if (repository === undefined) return { ...always, archive_command: "/bin/true" };
  const stanza = stanzaName(topology);
  const at = `${repository.address} ${repository.port} ${stanza}`;
  // A member on a host that is out may run an image without the script, and one that is rolled back:
  // a command that is not found would end its recovery.
  const plain = `pgbackrest --config=${PGBACKREST_FILE} --stanza=${stanza}`;
  const either = (own: string, other: string): string =>
    `command -v pgbackrest-wal >/dev/null || exec ${plain} ${other}; exec pgbackrest-wal ${own}`;
  return {
    ...always,
    archive_command: either(`push ${at} "%p"`, `archive-push "%p"`),
    restore_command: either(`get ${at} %f "%p"`, `archive-get %f "%p"`),
  };
}
