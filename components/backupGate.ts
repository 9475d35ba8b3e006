import type * as pulumi from "@pulumi/pulumi";
import type { BackupAccess } from "../model/resources";
import { stanzaName } from "../model/render/pgbackrest";
import { containerAccess, reachable, type Topology } from "../model/topology";
import { type ContainerSpec, gated } from "./container";
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

/** The gate before a container of pgBackRest: no backup runs, or it is said that one is broken off. */
export function createBackupGate(
  topology: Topology,
  host: DockerHost,
  spec: ContainerSpec,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  return new BackupGate(
    `${spec.instance.name}-gate`,
    {
      container: containerAccess(topology, spec.instance),
      ...backupAccess(topology),
      ...gated(host, spec),
    },
    opts,
  );
}
