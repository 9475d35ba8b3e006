import type * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { POOL_SOCKET_DIR, UID } from "../model/paths";
import { poolSettings, renderPgbouncer, renderUserlist } from "../model/render/pgbouncer";
import type { PoolerPlan, Topology } from "../model/topology";
import { PgComponent } from "./component";
import { containerBase, type ContainerSpec, createConfigFiles, createContainer } from "./container";
import type { DockerHost } from "./dockerHost";
import { createPoolerGate } from "./endpointGate";
import type { Keys } from "./keys";
import { PoolSettings } from "./resources";

/** Arguments of PgBouncerPool. */
export interface PgBouncerPoolArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly pooler: PoolerPlan;
  readonly host: DockerHost;
  readonly keys: Keys;
  /** What is replaced before it. Only its place in the order: none of its outputs. */
  readonly before: readonly pulumi.Resource[];
}

/**
 * One PgBouncer before an HAProxy endpoint. Invariants: a config change drops no connection; it is
 * replaced only while the others serve.
 */
export class PgBouncerPool extends PgComponent {
  public readonly container: pulumi.Resource;

  constructor(args: PgBouncerPoolArgs, opts?: pulumi.ComponentResourceOptions) {
    const { config, topology, pooler, host } = args;
    super("PgBouncerPool", pooler.name, opts);
    const spec = poolerSpec(config, pooler);
    const base = [this.createFiles(args), ...containerBase(host, spec)];
    const gate = createPoolerGate(
      { topology, endpoint: pooler, host, spec },
      this.child([...base, ...args.before]),
    );
    this.container = createContainer(host, spec, this.child([...base, gate]));
    new PoolSettings(
      `${pooler.name}-settings`,
      {
        pooler: { host: host.plan.access, container: pooler.name },
        socketDirectory: POOL_SOCKET_DIR,
        port: pooler.port,
        settings: poolSettings(config),
      },
      this.child([this.container]),
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

function poolerSpec({ resources }: StackConfig, pooler: PoolerPlan): ContainerSpec {
  return {
    instance: pooler,
    image: "pgbouncer",
    uid: UID.pgbouncer,
    memoryMiB: resources.memoryMiB.pgbouncer,
    env: { PGBOUNCER_PORT: pooler.port },
    ports: [{ port: pooler.port, to: "client" }],
    tmpfs: [POOL_SOCKET_DIR],
    healthcheck: ["healthcheck"],
    graceSeconds: 30,
  };
}
