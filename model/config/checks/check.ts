import type { PathStep, Problem } from "../problem";
import type { StackConfig } from "../schema";
import type { HostConfig, Part } from "../schema/hosts";

/** One rule between keys, that no single key can be checked for. */
export interface Check {
  /**
   * Paths (`*` is any one step) that must have been valid for the check to mean something: one that
   * counts hosts says nothing useful where a host was left out as invalid.
   */
  readonly needs: readonly string[];
  readonly run: (config: StackConfig) => Problem[];
}

/** The hosts that make up the cluster: all but the retired. */
export function activeHosts(config: StackConfig): HostConfig[] {
  return config.hosts.filter((host) => host.state !== "retired");
}

/** How many of a part the hosts run together. */
export function total(hosts: readonly HostConfig[], part: Part): number {
  return hosts.reduce((sum, host) => sum + host.runs[part], 0);
}

/** A problem for every entry whose key an earlier entry has already; entries without one pass. */
export function duplicates<T>(
  entries: readonly T[],
  keyOf: (entry: T) => string | undefined,
  problem: (entry: T, first: T, index: number) => Problem,
): Problem[] {
  const seen = new Map<string, T>();
  return entries.flatMap((entry, index) => {
    const key = keyOf(entry);
    if (key === undefined) return [];
    const first = seen.get(key);
    if (first !== undefined) return [problem(entry, first, index)];
    seen.set(key, entry);
    return [];
  });
}

/** A list of problems with one entry, or none when `broken` is false. */
export function when(
  broken: boolean,
  path: readonly PathStep[],
  value: unknown,
  rule: string,
  remedy: string,
): Problem[] {
  return broken ? [{ path, value, rule, remedy }] : [];
}
