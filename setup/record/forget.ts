/** Takes hosts that are gone for good out of the record, so that no command asks them; pure. */
import { withoutHosts } from "../../model/accessesIn";
import { type Deployment, isOwn, nameOf, type Resource, without } from "./deployment";
import { type ClusterHosts, livesOn } from "./places";

/** What was taken out of the record for a host. */
export interface Forgotten {
  readonly host: string;
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
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
  { cluster, names }: ClusterHosts,
): { deployment: Deployment; forgotten: Forgotten[] } {
  const { resources = [] } = deployment;
  const found = names
    .map((host) => ({ host, here: resources.filter(livesOn(cluster, host)) }))
    .filter(({ here }) => here.length > 0);
  if (found.length === 0) return { deployment, forgotten: [] };
  const gone = new Set(found.map(({ host }) => host));
  const lives = [...gone].map((host) => livesOn(cluster, host));
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
