import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { UID } from "../model/paths";
import type { BackupAccess } from "../model/resources";
import { PGBACKREST_FILE, stanzaName } from "../model/render/pgbackrest";
import { containerAccess, type Instance, reachable, type Topology } from "../model/topology";
import { containerBase, type ContainerSpec, createContainer, gated } from "./container";
import type { DockerHost } from "./dockerHost";
import { BackupGate } from "./resources";

/** Where the backups of a cluster are, as far as it can be reached now. */
export function backupAccess(topology: Topology): BackupAccess {
  const { repository } = reachable(topology);
  return {
    repository: repository && containerAccess(topology, repository),
    stanza: stanzaName(topology),
  };
}

/** Arguments of createBackRestServer. */
export interface BackRestServerArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly host: DockerHost;
  readonly instance: Instance & { readonly port: number };
  /** Volume name -> path in the container. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Config volume to mount, where it is another's. */
  readonly configOf?: string;
}

/**
 * A pgBackRest server in a container of its own: the repository, or a member's sidecar, by which the
 * repository reaches PGDATA. Before it stands a gate: no backup runs, or it is said that one is broken off.
 */
export function createBackRestServer(
  { config, topology, host, instance, volumes, configOf }: BackRestServerArgs,
  opts: pulumi.CustomResourceOptions,
): docker.Container {
  const spec: ContainerSpec = {
    instance,
    image: "postgres",
    uid: UID.postgres,
    memoryMiB: config.resources.memoryMiB.backup,
    command: ["pgbackrest", "server"],
    env: { PGBACKREST_CONFIG: PGBACKREST_FILE, PGHA_BACKREST_PORT: instance.port },
    ports: [{ port: instance.port, to: "peer" }],
    volumes,
    ...(configOf === undefined ? {} : { configOf }),
    healthcheck: ["healthcheck", "pgbackrest"],
    graceSeconds: 30,
  };
  const after = pulumi.mergeOptions(opts, { dependsOn: containerBase(host, spec) });
  const container = containerAccess(topology, instance);
  const gate = new BackupGate(
    `${instance.name}-gate`,
    { container, ...backupAccess(topology), ...gated(host, spec) },
    after,
  );
  return createContainer(host, spec, pulumi.mergeOptions(after, { dependsOn: [gate] }));
}
