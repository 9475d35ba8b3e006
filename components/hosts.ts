import type * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import type { Topology } from "../model/topology";
import { DockerHost } from "./dockerHost";
import type { ImageName } from "./images";
import { createPreflight } from "./preflight";
import { createRoster } from "./roster";

/** The hosts of the cluster by name, each with just what runs there. */
export function createHosts(
  config: StackConfig,
  topology: Topology,
  after: readonly pulumi.Resource[],
  opts: pulumi.ComponentResourceOptions,
): Map<string, DockerHost> {
  const instances = [
    ...withImage("consul", [...topology.consulServers, ...topology.consulAgents]),
    ...withImage("postgres", [
      ...topology.members,
      ...(topology.repository ? [topology.repository] : []),
    ]),
    ...withImage("haproxy", topology.haproxies),
    ...withImage("pgbouncer", topology.poolers),
  ];
  const preflight = createPreflight(config, topology, after, opts);
  const accepted = [...after, preflight, createRoster(topology, [...after, preflight], opts)];
  return new Map(
    topology.hosts.map((plan) => {
      const here = instances.filter(({ instance }) => instance.host === plan.access.name);
      const images = [...new Set(here.map(({ image }) => image))];
      const configured = here.map(({ instance }) => instance.name);
      const args = { plan, config, images, configured, after: accepted };
      return [plan.access.name, new DockerHost(args, opts)];
    }),
  );
}

function withImage<T>(
  image: ImageName,
  instances: readonly T[],
): { image: ImageName; instance: T }[] {
  return instances.map((instance) => ({ image, instance }));
}
