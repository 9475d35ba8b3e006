import { z } from "zod";

import { hostsSchema } from "./schema/hosts";
import { label } from "./schema/names";
import { postgresSchema } from "./schema/postgres";
import { registrySchema } from "./schema/registry";
import {
  backupSchema,
  certificatesSchema,
  failoverSchema,
  networkSchema,
  poolSchema,
  portsSchema,
  resourcesSchema,
} from "./schema/services";

/**
 * The stack config, namespace `postgres-ha`, but for the secret key `passwords`. Every object is
 * strict: an unknown key is refused. The description of each key is its documentation, and
 * docs/config.md is made from it.
 */
export const stackConfigSchema = z.strictObject({
  cluster: label().describe(
    "Name of the cluster: prefix of every container, volume and network, and the Patroni scope. Not to be changed later.",
  ),
  hosts: hostsSchema,
  network: networkSchema.prefault({}),
  ports: portsSchema.prefault({}),
  postgres: postgresSchema.prefault({}),
  failover: failoverSchema.prefault({}),
  pool: poolSchema.prefault({}),
  backup: backupSchema.prefault({}),
  resources: resourcesSchema.prefault({}),
  certificates: certificatesSchema.prefault({}),
  registry: registrySchema,
  protect: z
    .boolean()
    .default(true)
    .describe(
      "Whether data volumes, keys and the certificate authority are protected from removal.",
    ),
});

/** The stack config, checked and with defaults applied. Holds no secret. */
export type StackConfig = z.output<typeof stackConfigSchema>;

/** Every known top-level key of namespace `postgres-ha`, the secret `passwords` included. */
export const CONFIG_KEYS: readonly string[] = [
  ...Object.keys(stackConfigSchema.shape),
  "passwords",
];
