import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { CONSUL_DATA, UID } from "../model/paths";
import { renderConsulAgent } from "../model/render/consul";
import type { ConsulAgentPlan, Topology } from "../model/topology";
import { PgComponent } from "./component";
import { createConsulNode } from "./consulNode";
import { containerBase, type ContainerSpec, createConfigFiles, createContainer } from "./container";
import { createDataVolume } from "./dataVolume";
import type { DockerHost } from "./dockerHost";
import type { Keys } from "./keys";

/** Arguments of ConsulAgent. */
export interface ConsulAgentArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly agent: ConsulAgentPlan;
  readonly host: DockerHost;
  readonly keys: Keys;
  /** The agent's token must be known to the servers before it first asks with it. */
  readonly acl: readonly pulumi.Resource[];
  /** Agents that are replaced before it. Only their place in the order: none of their outputs. */
  readonly before: readonly ConsulAgent[];
}

/**
 * The client agent of a PostgreSQL host: the only Consul that Patroni talks to. A server loses its
 * sessions long before their time when its host is cut off, a client agent does not.
 */
export class ConsulAgent extends PgComponent {
  public readonly container: pulumi.Resource;

  constructor(args: ConsulAgentArgs, opts?: pulumi.ComponentResourceOptions) {
    const { config, agent, host, keys } = args;
    super("ConsulAgent", agent.name, opts);
    const volume = createDataVolume(
      { host, keys, name: dataVolume(agent), image: "consul", uid: UID.consul, protect: false },
      this.child(),
    );
    const files = this.createFiles(args);
    const spec = agentSpec(config, agent);
    const base = [volume, files, ...args.acl, ...containerBase(host, spec)];
    const node = createConsulNode(
      { topology: args.topology, node: agent, host, keys, spec },
      this.child([...base, ...args.before.map(({ container }) => container)]),
    );
    this.container = createContainer(host, spec, this.child([...base, node]));
    this.registerOutputs({});
  }

  private createFiles({ topology, agent, host, keys }: ConsulAgentArgs): pulumi.Resource {
    const json = pulumi
      .all([keys.gossipKey, keys.token(agent.name)])
      .apply(([gossipKey, agentToken]) =>
        renderConsulAgent(topology, agent, { gossipKey, agentToken }),
      );
    return createConfigFiles(
      host,
      {
        instance: agent,
        uid: UID.consul,
        tls: keys.tls(agent),
        files: { "consul.json": json },
        reload: [{ container: agent.name, signal: "SIGHUP" }],
      },
      this.child(),
    );
  }
}

function dataVolume(agent: ConsulAgentPlan): string {
  return `${agent.name}-data`;
}

function agentSpec({ resources }: StackConfig, agent: ConsulAgentPlan): ContainerSpec {
  return {
    instance: agent,
    image: "consul",
    uid: UID.consul,
    memoryMiB: resources.memoryMiB.consulAgent,
    env: {
      CONSUL_PORT: agent.ports.https,
      PGHA_NAME: agent.name,
      // Patroni is who uses it: it ends after that.
      PGHA_HOLD_PORT: agent.ports.https,
    },
    ports: [
      { port: agent.ports.gossip, to: "peer", udp: true },
      { port: agent.ports.https, to: "peer" },
    ],
    volumes: { [dataVolume(agent)]: CONSUL_DATA },
    healthcheck: ["healthcheck"],
    graceSeconds: 30,
  };
}
