import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import type { HostAccess } from "../model/access";
import type { ImageInputs } from "../model/resources";
import { baseImageName } from "../model/baseImage";
import type { StackConfig } from "../model/config";
import { root } from "../setup/root";
import versions from "../setup/versions.json";
import { PgComponent } from "./component";
import type { DockerHost } from "./dockerHost";
import { Image } from "./resources";

/** The images of docker/, one folder each. */
export type ImageName = "postgres" | "consul" | "haproxy" | "pgbouncer" | "files" | "probe";

interface ImageRecipe {
  readonly tag: string;
  readonly context: string;
  readonly buildArgs: Record<string, string>;
  readonly extraFiles: readonly string[];
}

/**
 * What an image is made of. The tag is a hash of all of it, so a tag never gets another content.
 */
export function imageRecipe(name: ImageName, config: StackConfig): ImageRecipe {
  const context = join("docker", name);
  const buildArgs: Record<string, string> =
    name === "files" ? {} : { BASE: baseImageName(versions.base) };
  if (name === "postgres") buildArgs["PG_MAJOR"] = String(config.postgres.version);
  const extra = name === "consul" ? [`consul-${versions.consul.version}`] : [];
  const hash = createHash("sha256").update(JSON.stringify([buildArgs, extra]));
  for (const file of filesBelow(join(root, context))) {
    hash.update(`${relative(root, file)}\0`).update(readFileSync(file));
  }
  return {
    tag: `postgres-ha/${name}:${hash.digest("hex").slice(0, 12)}`,
    context,
    buildArgs,
    extraFiles: extra.length > 0 ? ["consul"] : [],
  };
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name !== "consul")
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** An image on a host, as the provider makes or carries it. */
export function imageOn(host: HostAccess, name: ImageName, config: StackConfig): ImageInputs {
  const from = { registry: config.registry, others: otherHosts(host.name, config) };
  return { host, ...imageRecipe(name, config), ...from };
}

/** How the other hosts are reached, those that can be. */
function otherHosts(name: string, { hosts }: StackConfig): HostAccess[] {
  return hosts
    .filter((host) => host.name !== name && host.state === "present")
    .map(({ name, docker, hostKey }) => ({ name, docker, hostKey }));
}

/** Arguments of HostImages. */
export interface HostImagesArgs {
  readonly names: readonly ImageName[];
  /** What has to be accepted before anything on the host is touched. */
  readonly after: readonly pulumi.Resource[];
}

/** The images that a host needs, there before its containers. */
export class HostImages extends PgComponent {
  private readonly images: ReadonlyMap<ImageName, { tag: string; resource: pulumi.Resource }>;

  constructor(
    host: DockerHost,
    { names, after }: HostImagesArgs,
    config: StackConfig,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("HostImages", `${host.name}-images`, opts);
    this.images = new Map(
      names.map((name) => {
        const inputs = imageOn(host.plan.access, name, config);
        const resource = new Image(`${host.name}-image-${name}`, inputs, this.child(after));
        return [name, { tag: inputs.tag, resource }];
      }),
    );
    this.registerOutputs({});
  }

  /** Tag of an image, and the resource that puts it on the host. */
  get(name: ImageName): { tag: string; resource: pulumi.Resource } {
    const image = this.images.get(name);
    if (image === undefined) throw new Error(`images: ${name} was not asked for on this host`);
    return image;
  }
}
