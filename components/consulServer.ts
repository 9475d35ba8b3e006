import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { CONSUL_DATA, UID } from "../model/paths";
import { renderConsulServer } from "../model/render/consul";
import { type ConsulServerPlan, hostOf, type Topology } from "../model/topology";
import { PgComponent } from "./component";
import { createConsulNode } from "./consulNode";
import { containerBase, type ContainerSpec, createConfigFiles, createContainer } from "./container";
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
  /** Servers that are replaced before it. Only their place in the order: none of their outputs. */
  readonly before: readonly ConsulServer[];
}

/**
 * A Consul server. Invariants: its node name, address and data volume outlive its container; it is
 * replaced only while the others are well, and after those before it.
 */
export class ConsulServer extends PgComponent {
  public readonly container: pulumi.Resource;

  constructor(args: ConsulServerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { config, server, host, keys } = args;
    super("ConsulServer", server.name, opts);
    const volume = createDataVolume(
      {
        host,
        keys,
        name: dataVolume(server),
        image: "consul",
        uid: UID.consul,
        protect: config.protect,
      },
      this.child(),
    );
    const files = this.createFiles(args);
    const spec = serverSpec(config, args.topology, server);
    const base = [volume, files, ...containerBase(host, spec)];
    const node = createConsulNode(
      { topology: args.topology, node: server, host, keys, spec },
      this.child([...base, ...args.before.map(({ container }) => container)]),
    );
    this.container = createContainer(host, spec, this.child([...base, node]));
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

function dataVolume(server: ConsulServerPlan): string {
  return `${server.name}-data`;
}

function serverSpec(
  { resources }: StackConfig,
  topology: Topology,
  server: ConsulServerPlan,
): ContainerSpec {
  return {
    instance: server,
    image: "consul",
    uid: UID.consul,
    memoryMiB: resources.memoryMiB.consul,
    env: { CONSUL_PORT: server.ports.https, PGHA_NAME: server.name, ...outlives(topology, server) },
    ports: [
      { port: server.ports.rpc, to: "peer" },
      { port: server.ports.gossip, to: "peer", udp: true },
      { port: server.ports.https, to: "client" },
    ],
    volumes: { [dataVolume(server)]: CONSUL_DATA },
    healthcheck: ["healthcheck"],
    graceSeconds: 30,
  };
}

/**
 * Whom a server waits for when it is stopped: the agent of its host, as its own address or, by way of the
 * published port, as the bridge's. On a single host nobody is left to lead.
 */
function outlives(topology: Topology, server: ConsulServerPlan): Record<string, string | number> {
  const agent = topology.consulAgents.find(({ host }) => host === server.host);
  const { address, network } = hostOf(topology, server);
  if (agent === undefined || address === undefined || topology.hosts.length === 1) return {};
  return {
    PGHA_HOLD_PORT: server.ports.rpc,
    PGHA_HOLD_FROM: `${agent.ip} ${network.gateway}`,
    // It calls itself, too, by the published port.
    PGHA_HOLD_SELF: address,
  };
}
