import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { UID } from "../model/paths";
import { renderHaproxy } from "../model/render/haproxy";
import type { HaproxyPlan, Topology } from "../model/topology";
import { PgComponent } from "./component";
import { createConfigFiles, createContainer } from "./container";
import type { DockerHost } from "./dockerHost";
import type { Keys } from "./keys";

/** Arguments of HaproxyEndpoint. */
export interface HaproxyEndpointArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly haproxy: HaproxyPlan;
  readonly host: DockerHost;
  readonly keys: Keys;
}

/** Endpoints that follow the leader and the replicas. Invariant: a config change is a reload. */
export class HaproxyEndpoint extends PgComponent {
  constructor(args: HaproxyEndpointArgs, opts?: pulumi.ComponentResourceOptions) {
    const { config, topology, haproxy, host, keys } = args;
    super("HaproxyEndpoint", haproxy.name, opts);
    const tls = keys.tls(haproxy);
    const files = createConfigFiles(
      host,
      {
        instance: haproxy,
        uid: UID.haproxy,
        tls,
        files: {
          "haproxy.cfg": keys.statsPassword.apply((password) =>
            renderHaproxy(topology, haproxy, password),
          ),
          "tls/haproxy.pem": pulumi.interpolate`${tls.certificate}${tls.key}`,
        },
        // To the master process: read the file again, hand the listeners over.
        reload: [{ container: haproxy.name, signal: "SIGUSR2" }],
      },
      this.child(),
    );
    createContainer(
      host,
      {
        instance: haproxy,
        image: "haproxy",
        uid: UID.haproxy,
        memoryMiB: config.resources.memoryMiB.haproxy,
        ports: Object.values(haproxy.ports).map((port) => ({ port, to: "client" as const })),
        tmpfs: ["/run/haproxy"],
        healthcheck: ["healthcheck"],
        graceSeconds: 30,
      },
      this.child([files]),
    );
    this.registerOutputs({});
  }
}
