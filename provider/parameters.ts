/** PostgreSQL's parameters in a dynamic configuration; pure. */
import { same } from "./diff";
import type { Props } from "./secrets";
import { fields } from "./plan/change";

/** The parameters of a configuration of Patroni; none where it has none. */
export function parametersOf(config: Props): Props {
  return fields(fields(config.postgresql).parameters);
}

/** Names of what differs, sorted. */
export function differing(old: Props, now: Props): string[] {
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].filter((name) => !same(old[name], now[name])).sort();
}
