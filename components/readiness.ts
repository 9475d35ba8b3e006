import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import type { ContainerAccess } from "../model/access";
import type { StackConfig } from "../model/config";
import type { EndpointProbe } from "../model/resources";
import { stanzaName } from "../model/render/pgbackrest";
import {
  consulAccess,
  hostOf,
  type Instance,
  memberAccess,
  reachable,
  type Topology,
} from "../model/topology";
import { type ImageName, imageRecipe } from "./images";
import type { Keys } from "./keys";
import { Ready } from "./resources";

/** Seconds that a whole cluster may take from its last change until it is true. */
const TIMEOUT_SECONDS = 240;

/** Images of which another means other containers. */
const IMAGES: readonly ImageName[] = ["postgres", "consul", "haproxy", "pgbouncer"];

/** What Ready is made from. */
export interface ReadinessArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly keys: Keys;
}

/** The one Ready of the cluster: asks again whenever anything in config or topology changed. */
export function createReady(
  { config, topology, keys }: ReadinessArgs,
  opts: pulumi.CustomResourceOptions,
): Ready {
  const near = reachable(topology);
  // `pgbackrest check` wants every member: it cannot tell one that is out from one that is broken.
  const whole = near.members.length === topology.members.length;
  const repository = whole ? near.repository : undefined;
  const access = (instance: Instance): ContainerAccess => ({
    host: hostOf(topology, instance).access,
    container: instance.name,
  });
  return new Ready(
    `${topology.cluster}-ready`,
    {
      members: near.members.map((member) => memberAccess(topology, member)),
      consul: near.consulServers.map((server) => consulAccess(topology, server)),
      endpoints: endpointProbes(near),
      containers: allInstances(near).map(access),
      user: "monitor",
      password: keys.password("monitor"),
      database: "postgres",
      caCertificate: keys.authority.certificate,
      stanza: repository
        ? { repository: access(repository), name: stanzaName(topology) }
        : undefined,
      timeoutSeconds: TIMEOUT_SECONDS,
      trigger: createHash("sha256")
        .update(
          JSON.stringify([config, topology, IMAGES.map((name) => imageRecipe(name, config).tag)]),
        )
        .digest("hex"),
    },
    opts,
  );
}

function endpointProbes(topology: Topology): EndpointProbe[] {
  return [
    ...topology.haproxies.flatMap(({ name, address, ports }) => [
      { name: `primary (${name})`, address, port: ports.primary, write: true },
      { name: `replicas (${name})`, address, port: ports.replicas, write: false },
    ]),
    ...topology.poolers.map(({ name, address, port, target }) => ({
      name: `${target === "primary" ? "pooledPrimary" : "pooledReplicas"} (${name})`,
      address,
      port,
      write: target === "primary",
    })),
  ];
}

function allInstances(topology: Topology): Instance[] {
  const { repository } = topology;
  return [
    ...topology.consulServers,
    ...topology.consulAgents,
    ...topology.members,
    ...(repository ? topology.members.map((member) => member.backrest) : []),
    ...topology.haproxies,
    ...topology.poolers,
    ...(repository ? [repository] : []),
  ];
}
