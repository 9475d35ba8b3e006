/** Exit codes of `ops`. Those of `status` are a contract with what watches a cluster. */
export const EXIT = {
  ok: 0,
  /** A verb could not do what it was asked; the message says why. */
  failed: 1,
  /** The command line makes no sense (EX_USAGE). */
  usage: 64,
} as const;

/** How a cluster is. */
export type Verdict = "healthy" | "degraded" | "down";

/** Exit code of `status`: 0 healthy, 1 degraded, 2 no leader or nothing answers. */
export function verdictCode(verdict: Verdict): number {
  return { healthy: 0, degraded: 1, down: 2 }[verdict];
}
