/** The outputs of a cluster's stack, as far as this program uses them, checked at run time. */
import { z } from "zod";

const endpoint = z.object({
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
});
const schema = z.object({
  caCertificate: z.string().startsWith("-----BEGIN CERTIFICATE-----"),
  endpoints: z.object({ pooledPrimary: z.array(endpoint).min(1) }),
  credentials: z.record(z.string(), z.string().min(1)),
});

/** What this program knows of a cluster. */
export type Cluster = z.infer<typeof schema>;
/** Where a client connects. */
export type Endpoint = z.infer<typeof endpoint>;

/** Checks the outputs; the error names what is wrong, never a value. */
export function clusterFrom(outputs: unknown): Cluster {
  const result = schema.safeParse(outputs);
  if (result.success) return result.data;
  const found = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(
    `The outputs of the cluster's stack are not those of a postgres-ha cluster: ${found.join("; ")}. ` +
      "Check the config key consumer:cluster, and that the cluster is up.",
  );
}
