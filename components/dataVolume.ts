import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { DockerHost } from "./dockerHost";

/**
 * A volume that holds data: protected, and never replaced, since every change of a Docker volume
 * deletes it. With `dataPath` it is a directory of the chosen disk, which must exist and belong to
 * the container's user.
 */
export function createDataVolume(
  host: DockerHost,
  name: string,
  protect: boolean,
  opts: pulumi.CustomResourceOptions,
): docker.Volume {
  const { dataPath } = host.plan;
  const bind = dataPath
    ? { driver: "local", driverOpts: { type: "none", o: "bind", device: `${dataPath}/${name}` } }
    : {};
  return new docker.Volume(
    name,
    { name, ...bind },
    host.on({ ...opts, protect, ignoreChanges: ["labels", "driver", "driverOpts"] }),
  );
}
