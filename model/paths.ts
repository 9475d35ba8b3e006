/** Where things are inside the containers, and who owns them: the one place both sides agree on. */

/** Config volume of a container, mounted read-only. */
export const CONFIG_DIR = "/etc/postgres-ha";
/** Certificate of the authority, in every container. */
export const CA_FILE = `${CONFIG_DIR}/tls/ca.crt`;
/** Certificate of the container's own identity. */
export const CERT_FILE = `${CONFIG_DIR}/tls/tls.crt`;
/** Key of that certificate. */
export const KEY_FILE = `${CONFIG_DIR}/tls/tls.key`;
/** Directory of PostgreSQL's unix socket, shared with the backup sidecar. */
export const SOCKET_DIR = "/run/postgresql";
/** Mount point of a member's data volume; PGDATA is a directory below it. */
export const PG_ROOT = "/var/lib/postgresql";
/** Lies in a data volume in which a new cluster may be made; `initdb-once` of the image asks for it. */
export const BOOTSTRAP_PERMIT = `${PG_ROOT}/.may-bootstrap`;
/** Data directory of Consul servers and agents. */
export const CONSUL_DATA = "/var/lib/consul";
/** Repository of a pgBackRest host. */
export const REPO_DIR = "/var/lib/pgbackrest";
/** PgBouncer's unix socket directory (its admin console). */
export const POOL_SOCKET_DIR = "/run/pgbouncer";

/** Numeric owners, fixed in the images: names would be resolved on the operator's machine. */
export const UID = { postgres: 5432, consul: 8500, haproxy: 5000, pgbouncer: 6432 } as const;

/** PGDATA of a PostgreSQL major version: one directory a major, so an upgrade has room beside it. */
export function dataDirectory(major: number): string {
  return `${PG_ROOT}/${major}/data`;
}
