import type { StackConfig } from "../config";
import {
  BOOTSTRAP_PERMIT,
  CA_FILE,
  CERT_FILE,
  CONFIG_DIR,
  dataDirectory,
  KEY_FILE,
  SOCKET_DIR,
} from "../paths";
import type { MemberPlan, Topology } from "../topology";
import { dynamicConfig } from "./dynamicConfig";
import { yamlText } from "./formats";
import { hbaRules } from "./hba";

/** Secrets of patroni.yml. */
export interface PatroniSecrets {
  readonly consulToken: string;
  readonly replicationPassword: string;
  readonly rewindPassword: string;
}

/** What Patroni calls when PostgreSQL has started, or a member has another role. */
const ROLE_CHANGED = `/usr/local/bin/role-changed ${BOOTSTRAP_PERMIT}`;
/** Of the first member. Zero would mean: never. */
const HIGHEST_PRIORITY = 100;

/** patroni.yml of a member. */
export function renderPatroni(
  config: StackConfig,
  topology: Topology,
  member: MemberPlan,
  secrets: PatroniSecrets,
): string {
  return yamlText({
    scope: topology.cluster,
    namespace: "/service/",
    name: member.name,
    log: { level: "INFO" },
    restapi: {
      listen: `0.0.0.0:${member.apiPort}`,
      connect_address: `${member.address}:${member.apiPort}`,
      certfile: CERT_FILE,
      keyfile: KEY_FILE,
      cafile: CA_FILE,
      // Health checks read freely; whatever changes something needs a client certificate.
      verify_client: "optional",
      // Patroni takes no connection any more while it ends. Five that wait, which HAProxy's checks are in
      // a moment, and the kernel drops others: who stands for the lead then loses a second to a retry.
      request_queue_size: 128,
    },
    ctl: { cacert: CA_FILE, certfile: CERT_FILE, keyfile: KEY_FILE, insecure: false },
    consul: consulSection(config, topology, member, secrets),
    bootstrap: { dcs: dynamicConfig(config, topology), initdb: initdb(config) },
    postgresql: postgresqlSection(config, topology, member, secrets),
    tags: { failover_priority: failoverPriority(topology, member) },
  });
}

/**
 * Who of equals leads next: the first of the roll before the second, and so on. A roll then moves
 * leadership twice at most, as whoever takes it over the second time was replaced before.
 */
function failoverPriority(topology: Topology, member: MemberPlan): number {
  const place = topology.members.findIndex(({ name }) => name === member.name);
  return Math.max(1, HIGHEST_PRIORITY - place);
}

function consulSection(
  config: StackConfig,
  topology: Topology,
  member: MemberPlan,
  secrets: PatroniSecrets,
): Record<string, unknown> {
  return {
    host: `${member.agent.address}:${member.agent.ports.https}`,
    scheme: "https",
    cacert: CA_FILE,
    verify: true,
    token: secrets.consulToken,
    dc: topology.datacenter,
    register_service: false,
    // Tied to gossip health a dead host's lock is released at once: measured safe at these timings.
    checks: config.failover.profile === "fast" ? ["serfHealth"] : [],
  };
}

function initdb(config: StackConfig): unknown[] {
  const locale =
    config.postgres.version >= 17
      ? [{ "locale-provider": "builtin" }, { "builtin-locale": "C.UTF-8" }, { locale: "C.UTF-8" }]
      : [{ locale: "C.UTF-8" }];
  return ["data-checksums", { encoding: "UTF8" }, ...locale];
}

function postgresqlSection(
  config: StackConfig,
  topology: Topology,
  member: MemberPlan,
  secrets: PatroniSecrets,
): Record<string, unknown> {
  const verified = { sslmode: "verify-full", sslrootcert: CA_FILE };
  return {
    listen: `0.0.0.0:${member.port}`,
    connect_address: `${member.address}:${member.port}`,
    data_dir: dataDirectory(config.postgres.version),
    bin_dir: `/usr/lib/postgresql/${config.postgres.version}/bin`,
    // A new cluster needs a permit, and each start of PostgreSQL ends it (role-changed).
    bin_name: { initdb: "/usr/local/bin/initdb-once" },
    callbacks: { on_start: ROLE_CHANGED, on_role_change: ROLE_CHANGED },
    pgpass: "/tmp/pgpass",
    // The superuser comes by the local socket only, as the operating system user of that name.
    use_unix_socket: true,
    authentication: {
      superuser: { username: "postgres" },
      replication: { username: "replicator", password: secrets.replicationPassword, ...verified },
      rewind: { username: "rewind", password: secrets.rewindPassword, ...verified },
    },
    parameters: {
      unix_socket_directories: SOCKET_DIR,
      ssl: "on",
      ssl_cert_file: CERT_FILE,
      ssl_key_file: KEY_FILE,
      ssl_ca_file: CA_FILE,
      ssl_min_protocol_version: "TLSv1.2",
    },
    pg_hba: hbaRules(config, topology),
    ...replicaCreation(topology),
  };
}

function replicaCreation(topology: Topology): Record<string, unknown> {
  const basebackup = { checkpoint: "fast" };
  if (topology.repository === undefined) {
    return { create_replica_methods: ["basebackup"], basebackup };
  }
  return {
    create_replica_methods: ["pgbackrest", "basebackup"],
    pgbackrest: {
      command: "/usr/local/bin/replica-from-backup",
      keep_data: true,
    },
    basebackup,
  };
}

/** Path of patroni.yml in the container. */
export const PATRONI_FILE = `${CONFIG_DIR}/patroni.yml`;
