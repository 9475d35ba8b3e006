import type * as pulumi from "@pulumi/pulumi";
import {
  type ConsulAgentPlan,
  consulAccess,
  type ConsulServerPlan,
  containerAccess,
  reachable,
  type Topology,
} from "../model/topology";
import { type ContainerSpec, gated } from "./container";
import type { DockerHost } from "./dockerHost";
import type { Keys } from "./keys";
import { ConsulNode } from "./resources";

/** Seconds for the other nodes to be well, or to forget one. */
const TIMEOUT_SECONDS = 120;

/** Arguments of createConsulNode. */
export interface ConsulNodeArgs {
  readonly topology: Topology;
  readonly node: ConsulServerPlan | ConsulAgentPlan;
  readonly host: DockerHost;
  readonly keys: Keys;
  /** Its container, which is replaced after it. */
  readonly spec: ContainerSpec;
}

/** The gate before the container of a Consul node; outlives it, and then has the others forget it. */
export function createConsulNode(
  { topology, node, host, keys, spec }: ConsulNodeArgs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const near = reachable(topology);
  return new ConsulNode(
    `${node.name}-node`,
    {
      node: containerAccess(topology, node),
      raftAddress: "rpc" in node.ports ? socket(node.address, node.ports.rpc) : undefined,
      servers: near.consulServers.map((server) => consulAccess(topology, server)),
      serversOut: topology.consulServers.length - near.consulServers.length,
      agents: near.consulAgents.map((agent) => containerAccess(topology, agent)),
      managementToken: keys.managementToken,
      ...gated(host, spec),
      timeoutSeconds: TIMEOUT_SECONDS,
    },
    opts,
  );
}

/** As Consul writes it, IPv6 in brackets. */
function socket(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
