import type * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { REPO_DIR, UID } from "../model/paths";
import { PGBACKREST_FILE, renderRepositoryBackrest } from "../model/render/pgbackrest";
import type { RepositoryPlan, Topology } from "../model/topology";
import { createBackupGate } from "./backupGate";
import { PgComponent } from "./component";
import { containerBase, createConfigFiles, createContainer, type ContainerSpec } from "./container";
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
    const spec: ContainerSpec = {
      instance: repository,
      image: "postgres",
      uid: UID.postgres,
      memoryMiB: config.resources.memoryMiB.backup,
      command: ["pgbackrest", "server"],
      env: { PGBACKREST_CONFIG: PGBACKREST_FILE, PGHA_BACKREST_PORT: repository.port },
      ports: [{ port: repository.port, to: "peer" }],
      volumes: { [data]: REPO_DIR },
      healthcheck: ["healthcheck", "pgbackrest"],
      graceSeconds: 30,
    };
    const base = [volume, files, ...containerBase(host, spec)];
    const gate = createBackupGate(topology, host, spec, this.child(base));
    createContainer(host, spec, this.child([...base, gate]));
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
