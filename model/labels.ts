/** Label of a data volume: the mark of the cluster that it belongs to. */
export const OWNER_LABEL = "postgres-ha.owner";
