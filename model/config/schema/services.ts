import ipaddr from "ipaddr.js";
import { z } from "zod";

import { text } from "./names";

const port = (base: number, meaning: string) =>
  z.int().min(1024).max(65535).default(base).describe(meaning);

/** Base port of each service; further ones on the same host are a step above. */
export const portsSchema = z
  .strictObject({
    postgres: port(5432, "PostgreSQL, direct. Step 1."),
    patroni: port(8008, "Patroni REST API. Step 1."),
    haproxyPrimary: port(5000, "HAProxy: connections to the leader. Step 10."),
    haproxyReplicas: port(5001, "HAProxy: connections to the replicas. Step 10."),
    haproxyStats: port(7000, "HAProxy: statistics page and metrics. Step 10."),
    pgbouncerPrimary: port(6432, "PgBouncer: pool to the leader. Step 10."),
    pgbouncerReplicas: port(6433, "PgBouncer: pool to the replicas. Step 10."),
    consulRpc: port(8300, "Consul server RPC. Step 10."),
    consulGossip: port(8301, "Consul server gossip, TCP and UDP. Step 10."),
    consulHttps: port(8501, "Consul server HTTPS API and page. Step 10."),
    agentGossip: port(8391, "Consul client agent gossip, TCP and UDP. Step 1."),
    agentHttps: port(8591, "Consul client agent HTTPS API. Step 1."),
    backrest: port(8432, "pgBackRest TLS server. Step 1."),
  })
  .describe(
    "Base port of each service, 1024 to 65535. A second one on the same host is a step above: see each key.",
  );

/** The containers' bridge network on each host. */
export const networkSchema = z
  .strictObject({
    subnet: text({
      rule: "must be an IPv4 network in CIDR form, /16 to /26, whose host bits are zero",
      remedy: 'Use a private network that no host uses, such as "172.29.40.0/24".',
      test: isSubnet,
    })
      .optional()
      .describe(
        "IPv4 network in CIDR form, /16 to /26, for the bridge network of the containers on each host. Left out: one derived from the cluster name.",
      ),
  })
  .describe("The containers' bridge network on each host.");

/** Failover: speed and durability. */
export const failoverSchema = z
  .strictObject({
    profile: z
      .enum(["fast", "balanced", "tolerant"])
      .default("balanced")
      .describe(
        "Timings of Patroni, Consul and HAProxy together: `fast` for a quiet local network, `tolerant` for slow or shaky ones.",
      ),
    synchronous: z
      .enum(["quorum", "on", "off"])
      .default("quorum")
      .describe(
        "Whether a commit waits for a standby: `quorum` any of them, `on` a chosen one, `off` none (a failover may then lose acknowledged commits).",
      ),
    strict: z
      .boolean()
      .default(false)
      .describe("Whether writes stop, rather than go on unprotected, while no standby is there."),
  })
  .describe("Failover: speed and durability.");

/** PgBouncer pools. */
export const poolSchema = z
  .strictObject({
    mode: z
      .enum(["transaction", "session"])
      .default("transaction")
      .describe("When a server connection goes back to the pool."),
    size: z
      .int()
      .min(1)
      .max(1000)
      .default(20)
      .describe("Server connections per (database, user) of each pool."),
    reserve: z
      .int()
      .min(0)
      .max(1000)
      .default(5)
      .describe("Further server connections per (database, user) when clients wait too long."),
    reserveTimeoutSeconds: z
      .int()
      .min(1)
      .max(600)
      .default(5)
      .describe("Wait, in seconds, after which the reserve is used."),
    maxClients: z
      .int()
      .min(1)
      .max(100000)
      .default(1000)
      .describe("Most client connections of each pool."),
    queryWaitTimeoutSeconds: z
      .int()
      .min(1)
      .max(3600)
      .default(30)
      .describe("Most seconds that a query waits for a server connection before it fails."),
    serverIdleTimeoutSeconds: z
      .int()
      .min(1)
      .max(86400)
      .default(600)
      .describe("Seconds after which an idle server connection is closed."),
    serverLifetimeSeconds: z
      .int()
      .min(60)
      .max(86400)
      .default(3600)
      .describe("Age, in seconds, at which an unused server connection is closed."),
    clientIdleTimeoutSeconds: z
      .int()
      .min(0)
      .max(604800)
      .default(0)
      .describe("Seconds after which an idle client is disconnected; 0 is never."),
    maxPreparedStatements: z
      .int()
      .min(0)
      .max(10000)
      .default(200)
      .describe(
        "Prepared statements kept per server connection in transaction mode; 0 turns it off.",
      ),
  })
  .describe("PgBouncer pools.");

/** Backups and WAL archive with pgBackRest. */
export const backupSchema = z
  .strictObject({
    retainFull: z.int().min(1).max(999).default(2).describe("Full backups to keep."),
    retainDifferential: z
      .int()
      .min(1)
      .max(999)
      .optional()
      .describe("Differential backups to keep. Left out: those of the full backups kept."),
    processMax: z
      .int()
      .min(1)
      .max(64)
      .default(2)
      .describe("Processes for compressing and moving files."),
    compress: z
      .enum(["zst", "lz4", "gz", "bz2", "none"])
      .default("zst")
      .describe("Compression of backups and WAL."),
    compressLevel: z
      .int()
      .optional()
      .describe(
        "Level of the compression; its range depends on `compress`. Left out: the level that pgBackRest takes.",
      ),
    archiveTimeoutSeconds: z
      .int()
      .min(10)
      .max(3600)
      .default(60)
      .describe("Most seconds that a check or backup waits for a WAL segment in the archive."),
    startFast: z
      .boolean()
      .default(true)
      .describe("Whether a backup forces a checkpoint instead of waiting for the next."),
  })
  .describe("Backups and WAL archive with pgBackRest.");

const memory = (base: number, meaning: string) =>
  z.int().min(32).max(4194304).default(base).describe(meaning);

/** Limits of the containers. */
export const resourcesSchema = z
  .strictObject({
    memoryMiB: z
      .strictObject({
        postgres: memory(1024, "Each PostgreSQL member."),
        consul: memory(256, "Each Consul server."),
        consulAgent: memory(128, "Each Consul client agent."),
        haproxy: memory(128, "Each HAProxy."),
        pgbouncer: memory(128, "Each PgBouncer."),
        backup: memory(512, "The pgBackRest repository."),
      })
      .prefault({})
      .describe("Memory limit of each container, in MiB, by part."),
    shmSizeMiB: z
      .int()
      .min(64)
      .max(1048576)
      .default(256)
      .describe("Shared memory (/dev/shm) of each PostgreSQL container, in MiB, inside its limit."),
  })
  .describe("Limits of the containers.");

const days = (base: number, meaning: string) =>
  z.int().min(1).max(36500).default(base).describe(meaning);

/** Certificates that the program makes. */
export const certificatesSchema = z
  .strictObject({
    validityDays: days(365, "Days that a server or client certificate is valid."),
    renewBeforeDays: days(30, "Days before its end from which `up` renews a certificate."),
    caValidityDays: days(3650, "Days that the certificate authority is valid."),
  })
  .describe("Certificates that the program makes.");

function isSubnet(value: string): boolean {
  if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(value) || !ipaddr.IPv4.isValidCIDRFourPartDecimal(value)) {
    return false;
  }
  const [address, bits] = ipaddr.IPv4.parseCIDR(value);
  const isNetwork = ipaddr.IPv4.networkAddressFromCIDR(value).toString() === address.toString();
  return isNetwork && bits >= 16 && bits <= 26;
}

/** Base ports, defaults applied. */
export type PortsConfig = z.output<typeof portsSchema>;
