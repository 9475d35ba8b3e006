import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { needsOf, reachableOf, type Topology } from "../model/topology";
import type { DockerHost } from "./dockerHost";
import type { ImageName } from "./images";
import { Preflight, Reachability } from "./resources";

/** Images with what the tries need, the smallest that a host may have first. */
const WITH_SOCAT: readonly ImageName[] = ["haproxy", "pgbouncer", "postgres", "consul"];

/** The one Preflight: all hosts are looked at together before anything on them is changed. */
export function createPreflight(
  config: StackConfig,
  topology: Topology,
  after: readonly pulumi.Resource[],
  opts: pulumi.ComponentResourceOptions,
): pulumi.Resource {
  const hosts = topology.hosts
    .filter((host) => host.reachable)
    .map((host) => needsOf(config, topology, host));
  return new Preflight(
    `${topology.cluster}-preflight`,
    { cluster: topology.cluster, hosts },
    pulumi.mergeOptions(opts, { dependsOn: [...after] }),
  );
}

/**
 * The one Reachability, where there are several hosts: their containers wait until every port
 * between them was tried, which needs images and networks on all of them.
 */
export function createReachability(
  topology: Topology,
  hosts: ReadonlyMap<string, DockerHost>,
  opts: pulumi.ComponentResourceOptions,
): void {
  const tried = topology.hosts
    .filter((plan) => plan.reachable)
    .flatMap((plan) => {
      const host = hosts.get(plan.access.name);
      const reachable = reachableOf(topology, plan);
      if (host === undefined || reachable === undefined) return [];
      return [{ host, reachable, image: host.images.first(WITH_SOCAT) }];
    });
  if (tried.length < 2) return;
  const reachability = new Reachability(
    `${topology.cluster}-reachability`,
    {
      cluster: topology.cluster,
      hosts: tried.map(({ reachable }) => reachable),
      images: Object.fromEntries(
        tried.map(({ reachable, image }) => [reachable.access.name, image.tag]),
      ),
    },
    pulumi.mergeOptions(opts, {
      dependsOn: tried.flatMap(({ host, image }) => [...host.base, image.resource]),
    }),
  );
  for (const { host } of tried) host.waitFor(reachability);
}
