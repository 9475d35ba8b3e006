import { loadConfig } from "./components/loadConfig";
import { PostgresCluster } from "./components/postgresCluster";

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
