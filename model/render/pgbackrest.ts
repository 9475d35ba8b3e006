import type { StackConfig } from "../config";
import {
  CA_FILE,
  CERT_FILE,
  CONFIG_DIR,
  dataDirectory,
  KEY_FILE,
  REPO_DIR,
  SOCKET_DIR,
} from "../paths";
import type { MemberPlan, RepositoryPlan, Topology } from "../topology";
import { iniText } from "./formats";

/** pgBackRest's config in every container that runs it. */
export const PGBACKREST_FILE = `${CONFIG_DIR}/pgbackrest.conf`;

/** The stanza of the cluster: its name. */
export function stanzaName(topology: Topology): string {
  return topology.cluster;
}

/**
 * Seconds after which pgBackRest gives up on a repository that does not let it in, or lets it in and
 * then says nothing; its own defaults are a minute and half an hour. A host that dies or freezes while
 * it is asked is silent: a standby could not be promoted for as long, and a member that is stopped
 * waits for its archiver. PostgreSQL asks again by itself. Below every `ttl`, where a standby asks.
 */
const PATIENCE = {
  "global:archive-get": { "io-timeout": 10, "protocol-timeout": 15 },
  "global:archive-push": { "io-timeout": 10, "protocol-timeout": 30 },
};

const LOGGING = { "log-level-console": "info", "log-level-file": "off", "log-level-stderr": "off" };

/** pgbackrest.conf of a member: archives to, and restores from, the repository host. */
export function renderMemberBackrest(
  config: StackConfig,
  topology: Topology,
  member: MemberPlan,
  repository: RepositoryPlan,
): string {
  return iniText({
    global: {
      ...LOGGING,
      ...remote("repo1", repository),
      "lock-path": "/tmp/pgbackrest",
      "spool-path": "/tmp/pgbackrest-spool",
      "process-max": config.backup.processMax,
      "archive-timeout": config.backup.archiveTimeoutSeconds,
      ...compression(config),
      ...server(member.backrest.port),
      "tls-server-auth": [`${repository.name}=${stanzaName(topology)}`],
    },
    ...PATIENCE,
    [stanzaName(topology)]: {
      "pg1-path": dataDirectory(config.postgres.version),
      "pg1-port": member.port,
      "pg1-socket-path": SOCKET_DIR,
    },
  });
}

/** pgbackrest.conf of the repository host: the only place where the repository's passphrase is. */
export function renderRepositoryBackrest(
  config: StackConfig,
  topology: Topology,
  repository: RepositoryPlan,
  passphrase: string,
): string {
  const { backup } = config;
  return iniText({
    global: {
      ...LOGGING,
      "repo1-path": REPO_DIR,
      "repo1-cipher-type": "aes-256-cbc",
      "repo1-cipher-pass": passphrase,
      "repo1-retention-full": backup.retainFull,
      ...(backup.retainDifferential ? { "repo1-retention-diff": backup.retainDifferential } : {}),
      "repo1-bundle": "y",
      "repo1-block": "y",
      "lock-path": "/tmp/pgbackrest",
      "process-max": backup.processMax,
      "archive-timeout": backup.archiveTimeoutSeconds,
      "start-fast": backup.startFast ? "y" : "n",
      // A standby carries the load of a backup where there is one.
      "backup-standby": "prefer",
      ...compression(config),
      ...server(repository.port),
      "tls-server-auth": topology.members.map((m) => `${m.name}=${stanzaName(topology)}`),
    },
    [stanzaName(topology)]: Object.assign(
      {},
      ...topology.members.map((member, index) => memberOptions(config, member, index + 1)),
    ) as Record<string, string>,
  });
}

function memberOptions(
  config: StackConfig,
  member: MemberPlan,
  index: number,
): Record<string, string> {
  return {
    ...remote(`pg${index}`, member.backrest),
    [`pg${index}-path`]: dataDirectory(config.postgres.version),
    [`pg${index}-port`]: String(member.port),
    [`pg${index}-socket-path`]: SOCKET_DIR,
  };
}

function remote(
  prefix: string,
  at: { readonly address: string; readonly port: number },
): Record<string, string> {
  return {
    [`${prefix}-host`]: at.address,
    [`${prefix}-host-port`]: String(at.port),
    [`${prefix}-host-type`]: "tls",
    [`${prefix}-host-ca-file`]: CA_FILE,
    [`${prefix}-host-cert-file`]: CERT_FILE,
    [`${prefix}-host-key-file`]: KEY_FILE,
    [`${prefix}-host-config`]: PGBACKREST_FILE,
  };
}

function server(port: number): Record<string, string> {
  return {
    "tls-server-address": "*",
    "tls-server-port": String(port),
    "tls-server-ca-file": CA_FILE,
    "tls-server-cert-file": CERT_FILE,
    "tls-server-key-file": KEY_FILE,
  };
}

function compression(config: StackConfig): Record<string, string | number> {
  const { compress, compressLevel } = config.backup;
  return {
    "compress-type": compress,
    ...(compressLevel === undefined ? {} : { "compress-level": compressLevel }),
  };
}
