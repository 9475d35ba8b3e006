import type { StackConfig } from "../config";
import { CA_FILE, CERT_FILE, CONFIG_DIR, KEY_FILE, POOL_SOCKET_DIR } from "../paths";
import type { PoolerPlan } from "../topology";
import { iniText, userlistLine } from "./formats";

const USERLIST_FILE = `${CONFIG_DIR}/userlist.txt`;

/**
 * Settings whose live value must be the declared one: `SHOW CONFIG` gives them in this form, so
 * they are both a part of pgbouncer.ini and the inputs of PoolSettings.
 */
export function poolSettings(config: StackConfig): Record<string, string> {
  const { pool } = config;
  return {
    pool_mode: pool.mode,
    default_pool_size: String(pool.size),
    reserve_pool_size: String(pool.reserve),
    reserve_pool_timeout: String(pool.reserveTimeoutSeconds),
    max_client_conn: String(pool.maxClients),
    max_prepared_statements: String(pool.maxPreparedStatements),
    query_wait_timeout: String(pool.queryWaitTimeoutSeconds),
    server_idle_timeout: String(pool.serverIdleTimeoutSeconds),
    server_lifetime: String(pool.serverLifetimeSeconds),
    client_idle_timeout: String(pool.clientIdleTimeoutSeconds),
    // The defaults of 15 s would each alone undo a failover of 5 s.
    server_login_retry: "1",
    server_connect_timeout: "3",
    server_check_delay: "10",
    client_login_timeout: "15",
  };
}

/** pgbouncer.ini: clients by TLS and SCRAM, servers through HAProxy with the certificate verified. */
export function renderPgbouncer(config: StackConfig, pooler: PoolerPlan): string {
  const port = pooler.target === "primary" ? pooler.via.ports.primary : pooler.via.ports.replicas;
  return iniText({
    databases: { "*": `host=${pooler.via.address} port=${port}` },
    pgbouncer: {
      listen_addr: "0.0.0.0",
      listen_port: pooler.port,
      unix_socket_dir: POOL_SOCKET_DIR,
      auth_type: "scram-sha-256",
      auth_file: USERLIST_FILE,
      auth_user: "pool_lookup",
      auth_dbname: "postgres",
      auth_query: "SELECT usename, passwd FROM pgha.pool_lookup($1)",
      admin_users: "pgbouncer",
      stats_users: "monitor",
      client_tls_sslmode: "require",
      client_tls_ca_file: CA_FILE,
      client_tls_cert_file: CERT_FILE,
      client_tls_key_file: KEY_FILE,
      client_tls_protocols: "secure",
      server_tls_sslmode: "verify-full",
      server_tls_ca_file: CA_FILE,
      server_tls_protocols: "secure",
      ignore_startup_parameters: "extra_float_digits,options",
      tcp_keepalive: 1,
      tcp_keepidle: 10,
      tcp_keepintvl: 5,
      tcp_keepcnt: 3,
      tcp_user_timeout: 10000,
      log_connections: 0,
      log_disconnections: 0,
      ...poolSettings(config),
    },
  });
}

/** userlist.txt: the lookup role only; everyone else is looked up through it. */
export function renderUserlist(lookupPassword: string): string {
  return userlistLine("pool_lookup", lookupPassword);
}
