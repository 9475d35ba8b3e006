import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import type { PatroniNode } from "./patroniNode";
import { ClusterIdentity } from "./resources";

/**
 * The one ClusterIdentity: after the members' data volumes, before their containers. Everything that
 * it waits for outlives `down` as it does itself.
 */
export function createIdentity(
  { cluster, protect }: StackConfig,
  nodes: readonly PatroniNode[],
  opts: pulumi.ComponentResourceOptions,
): pulumi.Resource {
  const near = nodes.filter(({ host }) => host.plan.reachable);
  const images = near.map(({ host }) => host.images.get("postgres").resource);
  return new ClusterIdentity(
    `${cluster}-identity`,
    {
      cluster,
      members: near.map((node) => node.data),
      unreachable: nodes.length - near.length,
    },
    pulumi.mergeOptions(
      { ...opts, protect },
      { dependsOn: [...near.map(({ volume }) => volume), ...new Set(images)] },
    ),
  );
}
