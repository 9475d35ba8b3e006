/** Environment: name of a cluster whose existing data is to be taken over. */
export const TAKE_OVER = "PGHA_TAKE_OVER";

/** Whether a person said that data which is there may be used by this cluster. */
export function takesOver(cluster: string): boolean {
  return process.env[TAKE_OVER] === cluster;
}
