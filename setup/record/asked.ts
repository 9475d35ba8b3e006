/** What of the record a refresh asks while some hosts cannot be; pure. */
import type { Deployment } from "./deployment";
import { type ClusterHosts, livesOn, nameTells } from "./places";

/** URNs of what is neither on these hosts nor made for a part on them, components left out. */
export function askedWithout(
  { resources = [] }: Deployment,
  { cluster, names }: ClusterHosts,
): string[] {
  const away = names.flatMap((host) => [livesOn(cluster, host), nameTells(cluster, host)]);
  return resources
    .filter(({ custom, type }) => custom && !type.startsWith("pulumi:providers:"))
    .filter((one) => !away.some((is) => is(one)))
    .map(({ urn }) => urn);
}
