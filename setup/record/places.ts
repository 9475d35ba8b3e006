/** Which resources of the record are asked on which host; pure. */
import { hostIn } from "../../model/accessesIn";
import { DOCKER_PROVIDER, isOwn, nameOf, type Resource } from "./deployment";

/** Recorded for a part on the host, but what their Delete clears up is on the others. */
const THROUGH_OTHERS = ["Drain", "MemberExit", "ConsulNode"].map((type) => `pgha:index:${type}`);

/** What it takes to find hosts in the record. */
export interface ClusterHosts {
  /** Name of the cluster. */
  readonly cluster: string;
  readonly names: readonly string[];
}

/**
 * Whether a resource is asked on one host alone: its Docker provider, what is made by that, and the
 * project's own resources whose one place is that host.
 */
export function livesOn(cluster: string, host: string): (resource: Resource) => boolean {
  const provider = `${cluster}-${host}`;
  return (resource) => {
    if (resource.type === DOCKER_PROVIDER) return nameOf(resource) === provider;
    if (resource.provider?.includes(`${DOCKER_PROVIDER}::${provider}::`)) return true;
    const places = Object.values(resource.inputs ?? {}).map(hostIn);
    return isOwn(resource) && !THROUGH_OTHERS.includes(resource.type) && places.includes(host);
  };
}

/** Whether a resource is made for a part on the host: everything of it has the host's name in its own. */
export function nameTells(cluster: string, host: string): (resource: Resource) => boolean {
  const prefix = `${cluster}-${host}`;
  return (resource) => nameOf(resource) === prefix || nameOf(resource).startsWith(`${prefix}-`);
}
