/** Takes hosts that are gone for good out of the record, so that no command asks them; pure. */
import { hostIn, withoutHosts } from "./access";
import {
  type Deployment,
  DOCKER_PROVIDER,
  isOwn,
  nameOf,
  type Resource,
  without,
} from "./deployment";

/** Recorded for a part on the host, but what their Delete clears up is on the others. */
const THROUGH_OTHERS = ["Drain", "MemberExit", "ConsulNode"].map((type) => `pgha:index:${type}`);

/** What was taken out of the record for a host. */
export interface Forgotten {
  readonly host: string;
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
}

/** What it takes to find a host in the record. */
export interface RetiredHosts {
  /** Name of the cluster. */
  readonly cluster: string;
  readonly names: readonly string[];
}

/**
 * The record without what lives on some hosts or is asked there: their Docker providers with all
 * that is made by them, and the project's own resources whose one place is such a host. The others
 * stay, without the ways to these hosts in their lists: a refresh would ask there too. Components
 * stay; `up` removes them, which touches nothing.
 *
 * @returns the very same record, and nothing forgotten, where nothing of these hosts is in it.
 */
export function forgetHosts(
  deployment: Deployment,
  { cluster, names }: RetiredHosts,
): { deployment: Deployment; forgotten: Forgotten[] } {
  const { resources = [] } = deployment;
  const found = names
    .map((host) => ({ host, here: resources.filter(livesOn(host, `${cluster}-${host}`)) }))
    .filter(({ here }) => here.length > 0);
  if (found.length === 0) return { deployment, forgotten: [] };
  const gone = new Set(found.map(({ host }) => host));
  const lives = [...gone].map((host) => livesOn(host, `${cluster}-${host}`));
  const left = without(deployment, (resource) => lives.some((is) => is(resource)));
  return {
    deployment: { ...left, resources: left.resources?.map((one) => aloneWithout(one, gone)) },
    forgotten: found.map(({ host, here }) => ({
      host,
      containers: namesOf(here, "docker:index/container:Container"),
      volumes: namesOf(here, "docker:index/volume:Volume"),
    })),
  };
}

function livesOn(host: string, provider: string): (resource: Resource) => boolean {
  return (resource) => {
    if (resource.type === DOCKER_PROVIDER) return nameOf(resource) === provider;
    if (resource.provider?.includes(`${DOCKER_PROVIDER}::${provider}::`)) return true;
    const places = Object.values(resource.inputs ?? {}).map(hostIn);
    return isOwn(resource) && !THROUGH_OTHERS.includes(resource.type) && places.includes(host);
  };
}

function aloneWithout(resource: Resource, gone: ReadonlySet<string>): Resource {
  if (!isOwn(resource)) return resource;
  const { inputs, outputs } = resource;
  type Bag = Record<string, unknown>;
  return {
    ...resource,
    ...(inputs && { inputs: withoutHosts(inputs, gone) as Bag }),
    ...(outputs && { outputs: withoutHosts(outputs, gone) as Bag }),
  };
}

function namesOf(resources: readonly Resource[], type: string): string[] {
  return resources
    .filter((resource) => resource.type === type)
    .map((resource) => {
      const name = resource.inputs?.name ?? resource.outputs?.name;
      return typeof name === "string" ? name : nameOf(resource);
    })
    .sort();
}
