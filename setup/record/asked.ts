/** What of the record a refresh asks while some hosts cannot be; pure. */
import type { Deployment, Resource } from "./deployment";
import { type ClusterHosts, livesOn, nameTells, withoutWays } from "./places";

/** What is refreshed when not everything can be. */
export interface Asked {
  /** The record without the ways to the silent hosts in what is asked. */
  readonly deployment: Deployment;
  /** URNs of what is asked: whatever is neither on these hosts nor made for a part on them. */
  readonly urns: readonly string[];
}

/**
 * Sorts out what of the record can be asked while some hosts give no answer. What belongs to these
 * stays as it is.
 *
 * @returns the very same record where no way had to leave.
 */
export function askedWithout(deployment: Deployment, { cluster, names }: ClusterHosts): Asked {
  const away = names.flatMap((host) => [livesOn(cluster, host), nameTells(cluster, host)]);
  const isAsked = (one: Resource): boolean => !away.some((is) => is(one));
  const urns = (deployment.resources ?? [])
    .filter((one) => one.custom && !one.type.startsWith("pulumi:providers:") && isAsked(one))
    .map(({ urn }) => urn);
  return { deployment: withoutWays(deployment, new Set(names), isAsked), urns };
}
