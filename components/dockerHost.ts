import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { dockerProviderAccess } from "../model/dockerProvider";
import type { HostPlan } from "../model/topology";
import { PgComponent } from "./component";
import { HostImages, type ImageName } from "./images";
import { Network } from "./resources";

/** Arguments of DockerHost. */
export interface DockerHostArgs {
  readonly plan: HostPlan;
  readonly config: StackConfig;
  /** Images that the containers of this host need. */
  readonly images: readonly ImageName[];
  /** Names of the containers that have a config volume. */
  readonly configured: readonly string[];
  /** What has to be accepted before anything on the host is touched. */
  readonly after: readonly pulumi.Resource[];
}

/**
 * One Docker engine: its explicit provider, network, images, and the never-started holder through
 * which config volumes are written. Default providers are disabled, so nothing lands elsewhere.
 */
export class DockerHost extends PgComponent {
  public readonly name: string;
  public readonly plan: HostPlan;
  public readonly images: HostImages;
  /** What every container of this host waits for. */
  public readonly base: readonly pulumi.Resource[];
  private readonly provider: docker.Provider;

  constructor(args: DockerHostArgs, opts?: pulumi.ComponentResourceOptions) {
    const name = `${args.config.cluster}-${args.plan.access.name}`;
    super("DockerHost", name, opts);
    this.name = name;
    this.plan = args.plan;
    this.provider = this.connect(args);
    const images = { names: [...args.images, "files" as const], after: args.after };
    this.images = new HostImages(this, images, args.config, { parent: this });
    const network = this.createNetwork(args.after);
    const holder = this.createHolder(args.configured);
    this.base = [network, holder];
    this.registerOutputs({});
  }

  /** Options for a resource on this host. */
  on(opts: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
    return { provider: this.provider, ...opts };
  }

  private connect({ plan, after }: DockerHostArgs): docker.Provider {
    return new docker.Provider(this.name, dockerProviderAccess(plan.access), this.child(after));
  }

  private createNetwork(after: readonly pulumi.Resource[]): pulumi.Resource {
    const { access: host, network } = this.plan;
    return new Network(`${this.name}-network`, { host, ...network }, this.child(after));
  }

  private createHolder(configured: readonly string[]): docker.Container {
    const volumes = configured.map((name) => this.configVolume(name));
    const image = this.images.get("files");
    return new docker.Container(
      this.plan.filesHolder,
      {
        name: this.plan.filesHolder,
        image: image.tag,
        // Created and never started: there is nothing in the image that could run.
        command: ["none"],
        start: false,
        mustRun: false,
        networkMode: "none",
        volumes: configured.map((name) => ({
          volumeName: configVolumeName(name),
          containerPath: `/config/${name}`,
        })),
      },
      this.on({
        parent: this,
        deleteBeforeReplace: true,
        dependsOn: [image.resource, ...volumes],
      }),
    );
  }

  private configVolume(name: string): docker.Volume {
    const volume = configVolumeName(name);
    return new docker.Volume(volume, { name: volume }, this.on({ parent: this }));
  }
}

/** Name of the config volume of a container. */
export function configVolumeName(container: string): string {
  return `${container}-config`;
}
