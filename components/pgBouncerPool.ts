import type * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { POOL_SOCKET_DIR, UID } from "../model/paths";
import { poolSettings, renderPgbouncer, renderUserlist } from "../model/render/pgbouncer";
import type { PoolerPlan } from "../model/topology";
import { PgComponent } from "./component";
import { createConfigFiles, createContainer } from "./container";
import type { DockerHost } from "./dockerHost";
import type { Keys } from "./keys";
import { PoolSettings } from "./resources";

/** Arguments of PgBouncerPool. */
export interface PgBouncerPoolArgs {
  readonly config: StackConfig;
  readonly pooler: PoolerPlan;
  readonly host: DockerHost;
  readonly keys: Keys;
}

/** One PgBouncer before an HAProxy endpoint. Invariant: a config change drops no connection. */
export class PgBouncerPool extends PgComponent {
  constructor(args: PgBouncerPoolArgs, opts?: pulumi.ComponentResourceOptions) {
    const { config, pooler, host } = args;
    super("PgBouncerPool", pooler.name, opts);
    const files = this.createFiles(args);
    const container = createContainer(
      host,
      {
        instance: pooler,
        image: "pgbouncer",
        uid: UID.pgbouncer,
        memoryMiB: config.resources.memoryMiB.pgbouncer,
        env: { PGBOUNCER_PORT: pooler.port },
        ports: [{ port: pooler.port, to: "client" }],
        tmpfs: [POOL_SOCKET_DIR],
        healthcheck: ["healthcheck"],
        graceSeconds: 30,
      },
      this.child([files]),
    );
    new PoolSettings(
      `${pooler.name}-settings`,
      {
        pooler: { host: host.plan.access, container: pooler.name },
        socketDirectory: POOL_SOCKET_DIR,
        port: pooler.port,
        settings: poolSettings(config),
      },
      this.child([container]),
    );
    this.registerOutputs({});
  }

  private createFiles({ config, pooler, host, keys }: PgBouncerPoolArgs): pulumi.Resource {
    return createConfigFiles(
      host,
      {
        instance: pooler,
        uid: UID.pgbouncer,
        tls: keys.tls(pooler),
        files: {
          "pgbouncer.ini": renderPgbouncer(config, pooler),
          "userlist.txt": keys.password("pool_lookup").apply(renderUserlist),
        },
        reload: [{ container: pooler.name, signal: "SIGHUP" }],
      },
      this.child(),
    );
  }
}
