import type { ParameterValue } from "./schema/postgres";

/** Why a parameter cannot be declared, and what to use instead. */
export interface Refusal {
  readonly rule: string;
  readonly remedy: string;
}

const OWNED = "is a parameter that the program sets itself";
const LEAVE_OUT = "Leave it out.";

/** Parameters that the program owns: name to what to use instead. */
const OWNED_PARAMETERS: Readonly<Record<string, string>> = {
  listen_addresses: "Set the address of the host in hosts.",
  port: "Set ports.postgres.",
  data_directory: "Set dataPath of the host in hosts.",
  unix_socket_directories: LEAVE_OUT,
  unix_socket_group: LEAVE_OUT,
  unix_socket_permissions: LEAVE_OUT,
  config_file: LEAVE_OUT,
  hba_file: "Declare rules in postgres.hba.",
  ident_file: "Declare rules in postgres.hba.",
  external_pid_file: LEAVE_OUT,
  include: "Declare each parameter here by its name.",
  include_dir: "Declare each parameter here by its name.",
  include_if_exists: "Declare each parameter here by its name.",
  cluster_name: "Set cluster.",
  wal_level: "Leave it out: it is replica or higher, as replication needs it.",
  hot_standby: "Leave it out: replicas always answer reads.",
  primary_conninfo: "Leave it out: Patroni points each replica to the leader.",
  primary_slot_name: "Leave it out: Patroni keeps the slots.",
  promote_trigger_file: "Use `ops -- switchover`.",
  synchronous_standby_names: "Set failover.synchronous.",
  archive_mode: "Run backup on a host: archiving is on with it.",
  archive_command: "Run backup on a host: archiving is on with it.",
  archive_library: "Run backup on a host: archiving is on with it.",
  archive_cleanup_command: "Set backup.retainFull.",
  restore_command: "Use `ops -- restore`.",
  password_encryption: "Leave it out: it is scram-sha-256.",
  logging_collector: "Leave it out: the log goes to the container's log, `ops -- logs`.",
  log_destination: "Leave it out: the log goes to the container's log, `ops -- logs`.",
  log_directory: "Leave it out: the log goes to the container's log, `ops -- logs`.",
  log_filename: "Leave it out: the log goes to the container's log, `ops -- logs`.",
  role: "Give rights with memberOf of the user.",
  session_authorization: "Give rights with memberOf of the user.",
  restart_after_crash: "Leave it out: Patroni decides on restarts.",
};

/** Owned families of parameters: start of the name to what to use instead. */
const OWNED_PREFIXES: Readonly<Record<string, string>> = {
  ssl: "Leave it out: TLS is always on, with certificates as in certificates.",
  recovery_: "Use `ops -- restore`.",
};

/** Parameters that must not be switched off, with the reason. */
const NEVER_OFF: Readonly<Record<string, string>> = {
  fsync: "a crash would corrupt the data",
  full_page_writes: "a crash would corrupt the data",
  wal_log_hints: "a former leader could not be rewound",
};

/** Parameters that must not be switched on, with the reason. */
const NEVER_ON: Readonly<Record<string, string>> = {
  zero_damaged_pages: "damage would be thrown away in silence",
  ignore_checksum_failure: "damage would spread in silence",
  ignore_invalid_pages: "damage would spread in silence",
  allow_system_table_mods: "the program's own objects could be broken",
};

/** The values of synchronous_commit with which an acknowledged commit is on a standby's disk. */
const SAFE_COMMIT = ["on", "remote_apply"];

/** Why a parameter or session setting is refused, or undefined when it may be set. */
export function refusalOf(name: string, value: ParameterValue): Refusal | undefined {
  const owned = Object.hasOwn(OWNED_PARAMETERS, name) ? OWNED_PARAMETERS[name] : undefined;
  const prefix = Object.keys(OWNED_PREFIXES).find((start) => name.startsWith(start));
  const remedy = owned ?? (prefix === undefined ? undefined : OWNED_PREFIXES[prefix]);
  if (remedy !== undefined) return { rule: OWNED, remedy };
  if (name === "synchronous_commit") return refusedCommit(value);
  return refusedSwitch(name, value);
}

/** PostgreSQL's spellings of a boolean; undefined for anything else. */
export function asBoolean(value: ParameterValue): boolean | undefined {
  const word = String(value).trim().toLowerCase();
  if (word === "") return undefined;
  if (["on", "1"].includes(word) || "true".startsWith(word) || "yes".startsWith(word)) return true;
  const off = word === "0" || (word.length > 1 && "off".startsWith(word));
  return off || "false".startsWith(word) || "no".startsWith(word) ? false : undefined;
}

function refusedCommit(value: ParameterValue): Refusal | undefined {
  if (asBoolean(value) === true || SAFE_COMMIT.includes(String(value).trim().toLowerCase()))
    return undefined;
  return {
    rule: "must not be lowered: an acknowledged commit could be lost in a failover",
    remedy:
      "Leave it out, or use on or remote_apply; to wait for no standby set failover.synchronous to off.",
  };
}

function refusedSwitch(name: string, value: ParameterValue): Refusal | undefined {
  const table = [
    { reasons: NEVER_OFF, wanted: true, word: "off" },
    { reasons: NEVER_ON, wanted: false, word: "on" },
  ].find(({ reasons }) => Object.hasOwn(reasons, name));
  if (table === undefined || asBoolean(value) === table.wanted) return undefined;
  return { rule: `must not be ${table.word}: ${table.reasons[name]}`, remedy: LEAVE_OUT };
}
