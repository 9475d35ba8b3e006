import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { CONSUL_DATA, UID } from "../model/paths";
import { renderConsulServer } from "../model/render/consul";
import type { ConsulServerPlan, Topology } from "../model/topology";
import { PgComponent } from "./component";
import { createConfigFiles, createContainer } from "./container";
import { createDataVolume } from "./dataVolume";
import type { DockerHost } from "./dockerHost";
import type { Keys } from "./keys";

/** Arguments of ConsulServer. */
export interface ConsulServerArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly server: ConsulServerPlan;
  readonly host: DockerHost;
  readonly keys: Keys;
}

/** A Consul server. Invariant: its node name, address and data volume outlive its container. */
export class ConsulServer extends PgComponent {
  constructor(args: ConsulServerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { config, server, host, keys } = args;
    super("ConsulServer", server.name, opts);
    const data = `${server.name}-data`;
    const volume = createDataVolume(
      { host, keys, name: data, image: "consul", uid: UID.consul, protect: config.protect },
      this.child(),
    );
    const files = this.createFiles(args);
    createContainer(
      host,
      {
        instance: server,
        image: "consul",
        uid: UID.consul,
        memoryMiB: config.resources.memoryMiB.consul,
        env: { CONSUL_PORT: server.ports.https, PGHA_NAME: server.name },
        ports: [
          { port: server.ports.rpc, to: "peer" },
          { port: server.ports.gossip, to: "peer", udp: true },
          { port: server.ports.https, to: "client" },
        ],
        volumes: { [data]: CONSUL_DATA },
        healthcheck: ["healthcheck"],
        graceSeconds: 30,
      },
      this.child([volume, files]),
    );
    this.registerOutputs({});
  }

  private createFiles({ topology, server, host, keys }: ConsulServerArgs): pulumi.Resource {
    const json = pulumi
      .all([keys.gossipKey, keys.managementToken, keys.token(server.name)])
      .apply(([gossipKey, managementToken, agentToken]) =>
        renderConsulServer(topology, server, { gossipKey, managementToken, agentToken }),
      );
    return createConfigFiles(
      host,
      {
        instance: server,
        uid: UID.consul,
        tls: keys.tls(server),
        files: { "consul.json": json },
        reload: [{ container: server.name, signal: "SIGHUP" }],
      },
      this.child(),
    );
  }
}
