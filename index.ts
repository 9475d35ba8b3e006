import { loadConfig } from "./components/loadConfig";
import { PostgresCluster } from "./components/postgresCluster";

// Pulumi keeps a stack trace of each of its thousand promises, each frame looked up in source maps:
// a second of every preview, for traces that tell of a bundle.
if (!process.env.PGHA_DEBUG) Error.stackTraceLimit = 0;

/** One stack is one cluster: stack config -> topology -> resources -> outputs. */
const cluster = new PostgresCluster(loadConfig());

export const {
  clusterName,
  caCertificate,
  endpoints,
  connectionStrings,
  credentials,
  members,
  backup,
  operations,
} = cluster.outputs;
