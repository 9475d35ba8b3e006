import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { OWNER_LABEL } from "../model/labels";
import type { DockerHost } from "./dockerHost";
import type { Keys } from "./keys";
import { VolumeClaim } from "./resources";

/** Arguments of createDataVolume. */
export interface DataVolumeArgs {
  readonly host: DockerHost;
  readonly keys: Keys;
  readonly name: string;
  /** Whether a `destroy` stops before it. */
  readonly protect: boolean;
}

/**
 * A volume that holds data: claimed before it is made, protected, and never replaced, since every
 * change of a Docker volume deletes it. With `dataPath` it is a directory of the chosen disk, which
 * must exist and belong to the container's user.
 */
export function createDataVolume(
  { host, keys, name, protect }: DataVolumeArgs,
  opts: pulumi.CustomResourceOptions,
): docker.Volume {
  const { dataPath, access } = host.plan;
  const claim = new VolumeClaim(
    `${name}-claim`,
    { host: access, cluster: host.plan.network.name, volume: name, owner: keys.owner },
    { ...opts, protect },
  );
  const bind = dataPath
    ? { driver: "local", driverOpts: { type: "none", o: "bind", device: `${dataPath}/${name}` } }
    : {};
  return new docker.Volume(
    name,
    { name, labels: [{ label: OWNER_LABEL, value: keys.owner }], ...bind },
    host.on({
      ...opts,
      protect,
      dependsOn: [claim],
      ignoreChanges: ["labels", "driver", "driverOpts"],
    }),
  );
}
