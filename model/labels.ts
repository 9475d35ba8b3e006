/** Label of a data volume: the mark of the cluster that it belongs to. */
export const OWNER_LABEL = "postgres-ha.owner";

/** Label of a container: changes with whatever replaces it. */
export const TRIGGER_LABEL = "postgres-ha.trigger";

/** Label of a short-lived container: its own name. */
export const TASK_LABEL = "postgres-ha.task";

/** Label of a cluster's bridge network: its own name. */
export const NETWORK_LABEL = "postgres-ha.network";
