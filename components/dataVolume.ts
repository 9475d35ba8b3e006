import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { OWNER_LABEL } from "../model/labels";
import type { DockerHost } from "./dockerHost";
import type { ImageName } from "./images";
import type { Keys } from "./keys";
import { VolumeClaim } from "./resources";

/** Arguments of createDataVolume. */
export interface DataVolumeArgs {
  readonly host: DockerHost;
  readonly keys: Keys;
  readonly name: string;
  /** Image of the container that uses it, and the uid that runs there. */
  readonly image: ImageName;
  readonly uid: number;
  /** Whether a `destroy` stops before it. */
  readonly protect: boolean;
}

/**
 * A volume that holds data: claimed before it is made, protected, and never replaced, since every
 * change of a Docker volume deletes it. With `dataPath` it is a directory of the chosen disk, which
 * the claim makes for the container's user, or finds there and recognizes.
 */
export function createDataVolume(
  { host, keys, name, image, uid, protect }: DataVolumeArgs,
  opts: pulumi.CustomResourceOptions,
): docker.Volume {
  const { dataPath, access } = host.plan;
  const through = host.images.get(image);
  const directory = dataPath ? { path: dataPath, uid, image: through.tag } : undefined;
  const claim = new VolumeClaim(
    `${name}-claim`,
    { host: access, cluster: host.plan.network.name, volume: name, owner: keys.owner, directory },
    pulumi.mergeOptions({ ...opts, protect }, { dependsOn: directory ? [through.resource] : [] }),
  );
  const device = deviceOf(host, name);
  const bind = device ? { driver: "local", driverOpts: { type: "none", o: "bind", device } } : {};
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

/** Directory behind a data volume; undefined for a volume of Docker's own. */
export function deviceOf({ plan }: DockerHost, name: string): string | undefined {
  return plan.dataPath && `${plan.dataPath}/${name}`;
}
