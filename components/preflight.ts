import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { needsOf, type Topology, triedOf } from "../model/topology";
import { imageOn } from "./images";
import { Preflight } from "./resources";

/** The one Preflight: all hosts are looked at together before anything on them is changed. */
export function createPreflight(
  config: StackConfig,
  topology: Topology,
  after: readonly pulumi.Resource[],
  opts: pulumi.ComponentResourceOptions,
): pulumi.Resource {
  const { cluster } = topology;
  const plans = topology.hosts.filter((host) => host.reachable);
  const others = plans.flatMap((plan) => triedOf(topology, plan) ?? []);
  // One alone has nobody to reach, or to be reached by.
  const tried = others.length > 1 ? others : [];
  return new Preflight(
    `${cluster}-preflight`,
    {
      cluster,
      hosts: plans.map((host) => needsOf(config, topology, host)),
      tried,
      probes: Object.fromEntries(
        tried.map(({ access }) => [access.name, imageOn(access, "probe", config)]),
      ),
    },
    pulumi.mergeOptions(opts, { dependsOn: [...after] }),
  );
}
