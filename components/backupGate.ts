import type * as pulumi from "@pulumi/pulumi";
import { stanzaName } from "../model/render/pgbackrest";
import { containerAccess, reachable, type Topology } from "../model/topology";
import { type ContainerSpec, gated } from "./container";
import type { DockerHost } from "./dockerHost";
import { BackupGate } from "./resources";

/** Seconds for a backup to end: one of a small cluster does, and a roll cannot wait for hours. */
const TIMEOUT_SECONDS = 60;

/** The gate before a container of pgBackRest: no backup runs, or it is said that one is broken off. */
export function createBackupGate(
  topology: Topology,
  host: DockerHost,
  spec: ContainerSpec,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const { repository } = reachable(topology);
  return new BackupGate(
    `${spec.instance.name}-gate`,
    {
      container: containerAccess(topology, spec.instance),
      repository: repository && containerAccess(topology, repository),
      stanza: stanzaName(topology),
      ...gated(host, spec),
      timeoutSeconds: TIMEOUT_SECONDS,
    },
    opts,
  );
}
