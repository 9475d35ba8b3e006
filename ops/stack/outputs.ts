/** The stack's outputs, as far as `ops` needs them, checked: design.md 4. */
import { z } from "zod";
import { ControlError } from "../../control/errors";

const host = z.object({
  name: z.string(),
  docker: z.string(),
  hostKey: z
    .string()
    .nullish()
    .transform((key) => key ?? undefined),
});
const container = z.object({ host, container: z.string() });
const endpoints = z.array(z.object({ host: z.string(), port: z.number() }));
const member = container.extend({
  name: z.string(),
  address: z.string(),
  port: z.number(),
  apiPort: z.number(),
});
const keys = z.object({
  consulManagementToken: z.string(),
  gossipKey: z.string(),
  repositoryPassphrase: z.string(),
  passwords: z.record(z.string(), z.string()),
  statsPassword: z.string(),
  caCertificate: z.string(),
  caPrivateKey: z.string(),
});
const schema = z.object({
  clusterName: z.string(),
  caCertificate: z.string(),
  credentials: z.record(z.string(), z.string()),
  endpoints: z.object({
    primary: endpoints,
    replicas: endpoints,
    pooledPrimary: endpoints,
    pooledReplicas: endpoints,
    direct: endpoints,
    stats: endpoints,
    consul: endpoints,
  }),
  backup: z.object({ stanza: z.string().nullable() }),
  operations: z.object({
    members: z.array(member).min(1),
    consul: z.array(container.extend({ httpsPort: z.number(), address: z.string() })),
    agents: z.array(container),
    haproxies: z.array(container),
    poolers: z.array(
      container.extend({ port: z.number(), target: z.enum(["primary", "replicas"]) }),
    ),
    // Absent in the outputs of an earlier version.
    sidecars: z.array(container).default([]),
    repository: container.nullable(),
    consulViewerToken: z.string(),
    keys,
  }),
});

/** What `ops` knows of a cluster. */
export type StackOutputs = z.infer<typeof schema>;
/** The keys that a cluster's data is worthless without. */
export type ClusterKeys = z.infer<typeof keys>;

/** Checks the outputs of a stack; an error names paths and types, never values. */
export function parseOutputs(stack: string, outputs: unknown): StackOutputs {
  const result = schema.safeParse(outputs);
  if (result.success) return result.data;
  const empty = outputs !== null && typeof outputs === "object" && !("operations" in outputs);
  const paths = result.error.issues.map((issue) => issue.path.join(".") || "outputs");
  throw new ControlError({
    doing: "use the outputs",
    where: `stack ${stack}`,
    found: empty
      ? "it has no output `operations`: its cluster was never up, or is down"
      : `these are missing or of another kind: ${[...new Set(paths)].join(", ")}`,
    remedy: `Bring it up with this version of the project: npm run up -- --stack ${stack}`,
  });
}
