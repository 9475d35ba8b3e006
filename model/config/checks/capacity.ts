import type { Problem } from "../problem";
import type { StackConfig } from "../schema";
import { activeHosts, total, when, type Check } from "./check";

/** PostgreSQL's max_connections where `postgres.parameters` does not set it. */
export const DEFAULT_MAX_CONNECTIONS = 200;

/** Connections kept free: 3 for a superuser, 10 for replication, monitoring and the program. */
const RESERVED_CONNECTIONS = 13;

/** Memory that a member needs, in MiB: to start with, and for each connection that it allows. */
const BASE_MEMORY_MIB = 128;
const MEMORY_PER_CONNECTION_MIB = 1;

/** Rules on what the parts need together: connections, memory, time. */
export const CAPACITY_CHECKS: readonly Check[] = [
  {
    needs: [
      "hosts.*.runs.*",
      "pool.size",
      "pool.reserve",
      "postgres.databases.*",
      "postgres.users.*",
      "postgres.parameters.max_connections",
    ],
    run: validatePools,
  },
  {
    needs: ["resources.memoryMiB.postgres", "postgres.parameters.max_connections"],
    run: validateMemory,
  },
  { needs: ["resources.memoryMiB.postgres", "resources.shmSizeMiB"], run: validateSharedMemory },
  { needs: ["certificates.*"], run: validateCertificates },
  { needs: ["backup.compress"], run: validateCompressLevel },
];

/** max_connections of the members: as declared, else the default. */
function maxConnections({ postgres }: StackConfig): number {
  const declared = Number(postgres.parameters["max_connections"] ?? DEFAULT_MAX_CONNECTIONS);
  return Number.isSafeInteger(declared) ? declared : DEFAULT_MAX_CONNECTIONS;
}

/**
 * Most server connections that the pools can open to one member. Both pools of each PgBouncer count:
 * with no replica left, the replica endpoint falls back to the leader.
 */
function poolConnections(config: StackConfig): number {
  const { size, reserve } = config.pool;
  const pools = 2 * total(activeHosts(config), "pgbouncer");
  const users = distinct(config.postgres.users);
  return distinct(config.postgres.databases).reduce((sum, database) => {
    const ofUsers = users.reduce(
      (all, user) => all + Math.min(user.connectionLimit ?? Infinity, pools * (size + reserve)),
      0,
    );
    return sum + Math.min(database.connectionLimit ?? Infinity, ofUsers);
  }, 0);
}

/** A name declared twice is another check's problem. */
function distinct<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  return [...new Map(entries.map((entry) => [entry.name, entry])).values()];
}

function validatePools(config: StackConfig): Problem[] {
  const { size, reserve } = config.pool;
  const { databases, users } = config.postgres;
  const [needed, limit] = [poolConnections(config), maxConnections(config)];
  const poolers = total(activeHosts(config), "pgbouncer");
  return when(
    needed + RESERVED_CONNECTIONS > limit,
    ["pool", "size"],
    size,
    `allows ${needed} connections to one member (${poolers} PgBouncer, 2 pools each, ` +
      `${databases.length} databases, ${users.length} users, size ${size} + reserve ${reserve}), ` +
      `with ${RESERVED_CONNECTIONS} kept free more than max_connections ${limit}`,
    `Lower pool.size or pool.reserve, set connectionLimit on databases or users, or raise ` +
      `postgres.parameters.max_connections to ${needed + RESERVED_CONNECTIONS}.`,
  );
}

function validateMemory(config: StackConfig): Problem[] {
  const memory = config.resources.memoryMiB.postgres;
  const limit = maxConnections(config);
  const needed = BASE_MEMORY_MIB + limit * MEMORY_PER_CONNECTION_MIB;
  return when(
    memory < needed,
    ["resources", "memoryMiB", "postgres"],
    memory,
    `is too low for max_connections ${limit}, which needs at least ${needed} MiB`,
    "Raise it, or lower postgres.parameters.max_connections.",
  );
}

function validateSharedMemory({ resources }: StackConfig): Problem[] {
  return when(
    resources.shmSizeMiB > resources.memoryMiB.postgres,
    ["resources", "shmSizeMiB"],
    resources.shmSizeMiB,
    `must not be more than resources.memoryMiB.postgres, ${resources.memoryMiB.postgres}`,
    "Lower it, or raise the memory: shared memory counts against it.",
  );
}

function validateCertificates({ certificates }: StackConfig): Problem[] {
  const { validityDays, renewBeforeDays, caValidityDays } = certificates;
  return [
    ...when(
      renewBeforeDays >= validityDays,
      ["certificates", "renewBeforeDays"],
      renewBeforeDays,
      `must be less than validityDays, ${validityDays}: else every \`up\` would renew`,
      "Lower it to about a tenth of validityDays.",
    ),
    ...when(
      validityDays >= caValidityDays,
      ["certificates", "validityDays"],
      validityDays,
      `must be less than caValidityDays, ${caValidityDays}`,
      "Lower it, or raise caValidityDays.",
    ),
  ];
}

function validateCompressLevel({ backup }: StackConfig): Problem[] {
  const { compress, compressLevel } = backup;
  if (compressLevel === undefined) return [];
  const ranges = { zst: [-7, 22], lz4: [-5, 12], gz: [-1, 9], bz2: [1, 9], none: [0, 0] } as const;
  const [lowest, highest] = ranges[compress];
  return when(
    compressLevel < lowest || compressLevel > highest,
    ["backup", "compressLevel"],
    compressLevel,
    `must be from ${lowest} to ${highest} with compress ${compress}`,
    "Correct it, or leave it out.",
  );
}
