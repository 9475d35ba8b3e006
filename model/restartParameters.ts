/**
 * Which PostgreSQL parameters take effect only at a start: those with `context` `postmaster` in
 * `pg_settings` of versions 14 to 18 ("This parameter can only be set at server start" in chapter
 * "Server Configuration" of the PostgreSQL documentation; `postgres --describe-config` lists them).
 * The command line on which Patroni starts PostgreSQL has some of them (`max_connections`,
 * `wal_level` ...): Patroni takes these from its dynamic configuration as well.
 */

/** In all five versions, unless said otherwise. A name that a version does not know does no harm. */
const AT_START: ReadonlySet<string> = new Set([
  "archive_mode",
  "autovacuum_freeze_max_age",
  "autovacuum_multixact_freeze_max_age",
  "autovacuum_worker_slots", // 18
  "bonjour",
  "bonjour_name",
  "cluster_name",
  "commit_timestamp_buffers", // 17
  "config_file",
  "data_directory",
  "data_sync_retry",
  "debug_io_direct", // 16
  "dynamic_shared_memory_type",
  "event_source",
  "external_pid_file",
  "hba_file",
  "hot_standby",
  "huge_page_size",
  "huge_pages",
  "ident_file",
  "ignore_invalid_pages",
  "io_max_combine_limit", // 18
  "io_max_concurrency", // 18
  "io_method", // 18
  "jit_provider",
  "listen_addresses",
  "logging_collector",
  "max_active_replication_origins", // 18
  "max_connections",
  "max_files_per_process",
  "max_locks_per_transaction",
  "max_logical_replication_workers",
  "max_notify_queue_pages", // 17
  "max_pred_locks_per_transaction",
  "max_prepared_transactions",
  "max_replication_slots",
  "max_wal_senders",
  "max_worker_processes",
  "min_dynamic_shared_memory",
  "multixact_member_buffers", // 17
  "multixact_offset_buffers", // 17
  "notify_buffers", // 17
  "old_snapshot_threshold", // up to 16
  "pg_stat_statements.max",
  "port",
  "recovery_target",
  "recovery_target_action",
  "recovery_target_inclusive",
  "recovery_target_lsn",
  "recovery_target_name",
  "recovery_target_time",
  "recovery_target_timeline",
  "recovery_target_xid",
  "reserved_connections", // 16
  "serializable_buffers", // 17
  "shared_buffers",
  "shared_memory_type",
  "shared_preload_libraries",
  "subtransaction_buffers", // 17
  "superuser_reserved_connections",
  "trace_connection_negotiation", // 17
  "track_activity_query_size",
  "track_commit_timestamp",
  "transaction_buffers", // 17
  "unix_socket_directories",
  "unix_socket_group",
  "unix_socket_permissions",
  "wal_buffers",
  "wal_decode_buffer_size", // 15
  "wal_level",
  "wal_log_hints",
]);

/** A restart up to 17, a reload from 18 on. */
const DEPENDS: ReadonlySet<string> = new Set(["autovacuum_max_workers"]);

/** Of pg_stat_statements, which every member loads: only its `max` is for a start. */
const KNOWN_EXTENSION = "pg_stat_statements.";

/** Whether a changed parameter wants a restart; `perhaps` where version or extension decides. */
export function restartFor(parameter: string): "always" | "never" | "perhaps" {
  if (AT_START.has(parameter)) return "always";
  const foreign = parameter.includes(".") && !parameter.startsWith(KNOWN_EXTENSION);
  return foreign || DEPENDS.has(parameter) ? "perhaps" : "never";
}

/**
 * Of which a standby must have no less than its leader, with the default where nobody sets it
 * ("Administrator's Overview" in chapter "Hot Standby" of the PostgreSQL documentation).
 */
const STANDBY_LIMITS: Readonly<Record<string, number>> = {
  max_connections: 100,
  max_locks_per_transaction: 64,
  max_prepared_transactions: 0,
  max_wal_senders: 10,
  max_worker_processes: 8,
};

/** Whether a change of a parameter lowers what a standby must have no less of; absent is default. */
export function lowersStandbyLimit(parameter: string, old: unknown, now: unknown): boolean {
  const base = STANDBY_LIMITS[parameter];
  return base !== undefined && Number(now ?? base) < Number(old ?? base);
}
