import type * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { REPO_DIR, UID } from "../model/paths";
import { renderRepositoryBackrest } from "../model/render/pgbackrest";
import type { RepositoryPlan, Topology } from "../model/topology";
import { createBackRestServer } from "./backRestServer";
import { PgComponent } from "./component";
import { createConfigFiles } from "./container";
import { createDataVolume } from "./dataVolume";
import type { DockerHost } from "./dockerHost";
import type { Keys } from "./keys";

/** Arguments of BackRestRepo. */
export interface BackRestRepoArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly repository: RepositoryPlan;
  readonly host: DockerHost;
  readonly keys: Keys;
}

/** The pgBackRest repository host: an encrypted repository on a volume, reached by mutual TLS. */
export class BackRestRepo extends PgComponent {
  constructor(args: BackRestRepoArgs, opts?: pulumi.ComponentResourceOptions) {
    const { config, topology, repository, host, keys } = args;
    super("BackRestRepo", repository.name, opts);
    const data = `${repository.name}-data`;
    const volume = createDataVolume(
      { host, keys, name: data, image: "postgres", uid: UID.postgres, protect: config.protect },
      this.child(),
    );
    const files = this.createFiles(args);
    createBackRestServer(
      { config, topology, host, instance: repository, volumes: { [data]: REPO_DIR } },
      this.child([volume, files]),
    );
    this.registerOutputs({});
  }

  private createFiles(args: BackRestRepoArgs): pulumi.Resource {
    const { config, topology, repository, host, keys } = args;
    return createConfigFiles(
      host,
      {
        instance: repository,
        uid: UID.postgres,
        tls: keys.tls(repository),
        files: {
          "pgbackrest.conf": keys.repositoryPassphrase.apply((passphrase) =>
            renderRepositoryBackrest(config, topology, repository, passphrase),
          ),
        },
        reload: [{ container: repository.name, signal: "SIGHUP" }],
      },
      this.child(),
    );
  }
}
