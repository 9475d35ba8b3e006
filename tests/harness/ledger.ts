/** What a writer knows of each row that it tried to write. */

/** `acknowledged`: COMMIT was answered. `unknown`: the answer was lost. `failed`: surely not there. */
export type Fate = "acknowledged" | "unknown" | "failed";

/** One try. */
export interface Entry {
  readonly id: string;
  readonly fate: Fate;
  /** Milliseconds since the epoch at which its fate was known. */
  readonly at: number;
  /** Milliseconds that it took until then. */
  readonly took: number;
}

/** Sentences about every way in which a table contradicts a ledger; none when it bears it out. */
export function contradictions(ledger: readonly Entry[], rows: readonly string[]): string[] {
  const count = new Map<string, number>();
  for (const id of rows) count.set(id, (count.get(id) ?? 0) + 1);
  const known = new Set(ledger.map(({ id }) => id));
  return [
    ...ledger.flatMap(({ id, fate }) => {
      const times = count.get(id) ?? 0;
      if (fate === "acknowledged" && times === 0) return [`${id} was acknowledged and is lost`];
      if (fate === "failed" && times > 0) return [`${id} was refused and is there`];
      return times > 1 ? [`${id} is there ${times} times`] : [];
    }),
    ...[...count.keys()].filter((id) => !known.has(id)).map((id) => `${id} was never written`),
  ];
}

/** Outage in milliseconds: the longest time between two acknowledged writes, to the end of the run. */
export function outage(ledger: readonly Entry[], end: number): number {
  const times = ledger.filter(({ fate }) => fate === "acknowledged").map(({ at }) => at);
  const gaps = [...times.slice(1), end].map((at, index) => at - (times[index] ?? at));
  return gaps.reduce((longest, gap) => Math.max(longest, gap), 0);
}

/** Stall in milliseconds: the longest that an acknowledged write took. */
export function stall(ledger: readonly Entry[]): number {
  const times = ledger.filter(({ fate }) => fate === "acknowledged").map(({ took }) => took);
  return times.reduce((longest, time) => Math.max(longest, time), 0);
}

/** How many rows have each fate. */
export function countFates(ledger: readonly Entry[]): Record<Fate, number> {
  const counts = { acknowledged: 0, unknown: 0, failed: 0 };
  for (const { fate } of ledger) counts[fate] += 1;
  return counts;
}
