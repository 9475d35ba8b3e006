import { loadConfig } from "./components/loadConfig";
import { PostgresCluster } from "./components/postgresCluster";

// Pulumi keeps a stack trace of each of its thousand promises: ten mapped frames cost a second.
Error.stackTraceLimit = 3;

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
