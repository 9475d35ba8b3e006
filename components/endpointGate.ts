import type * as pulumi from "@pulumi/pulumi";
import {
  containerAccess,
  type HaproxyPlan,
  type Instance,
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
      ...othersOf(near.haproxies, endpoint, topology),
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

/** The others of a kind, which is rolled in the order of the list. */
function othersOf(all: readonly Instance[], { name }: Instance, topology: Topology) {
  const others = all.filter((other) => other.name !== name);
  return {
    others: others.map((other) => containerAccess(topology, other)),
    before: Math.max(
      0,
      all.findIndex((one) => one.name === name),
    ),
  };
}

/** The gate before a PgBouncer: the others that serve the same target do. */
export function createPoolerGate(
  { topology, endpoint, host, spec }: EndpointGateArgs<PoolerPlan>,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const { name, target } = endpoint;
  const same = reachable(topology).poolers.filter((other) => other.target === target);
  return new EndpointGate(
    `${name}-gate`,
    {
      kind: "pgbouncer",
      endpoint: containerAccess(topology, endpoint),
      ...othersOf(same, endpoint, topology),
      through: [],
      ...gated(host, spec),
      timeoutSeconds: TIMEOUT_SECONDS,
    },
    opts,
  );
}
