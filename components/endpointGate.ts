import type * as pulumi from "@pulumi/pulumi";
import {
  containerAccess,
  type HaproxyPlan,
  type PoolerPlan,
  reachable,
  type Topology,
} from "../model/topology";
import { type ContainerSpec, gated } from "./container";
import type { DockerHost } from "./dockerHost";
import { EndpointGate } from "./resources";

/** Seconds for the other endpoints to serve: one that was just replaced needs two. */
const TIMEOUT_SECONDS = 60;

/** Arguments of the gates. */
export interface EndpointGateArgs<Plan> {
  readonly topology: Topology;
  readonly endpoint: Plan;
  readonly host: DockerHost;
  /** Its container, which is replaced after the gate. */
  readonly spec: ContainerSpec;
}

/** The gate before an HAProxy: the others serve, and the pools that go through it wait. */
export function createHaproxyGate(
  { topology, endpoint, host, spec }: EndpointGateArgs<HaproxyPlan>,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const near = reachable(topology);
  const { name, ports } = endpoint;
  return new EndpointGate(
    `${name}-gate`,
    {
      kind: "haproxy",
      endpoint: containerAccess(topology, endpoint),
      others: near.haproxies
        .filter((other) => other.name !== name)
        .map((other) => containerAccess(topology, other)),
      through: near.poolers
        .filter(({ via }) => via.name === name)
        .map((pooler) => ({
          pooler: containerAccess(topology, pooler),
          address: endpoint.address,
          port: ports[pooler.target],
        })),
      ...gated(host, spec),
      timeoutSeconds: TIMEOUT_SECONDS,
    },
    opts,
  );
}

/** The gate before a PgBouncer: the others that serve the same target do. */
export function createPoolerGate(
  { topology, endpoint, host, spec }: EndpointGateArgs<PoolerPlan>,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const { name, target } = endpoint;
  return new EndpointGate(
    `${name}-gate`,
    {
      kind: "pgbouncer",
      endpoint: containerAccess(topology, endpoint),
      others: reachable(topology)
        .poolers.filter((other) => other.name !== name && other.target === target)
        .map((other) => containerAccess(topology, other)),
      through: [],
      ...gated(host, spec),
      timeoutSeconds: TIMEOUT_SECONDS,
    },
    opts,
  );
}
