import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { nodePolicy, patroniPolicy, viewerPolicy } from "../model/render/consul";
import { consulAccess, reachable, type Topology } from "../model/topology";
import { PgComponent } from "./component";
import { type Keys, toUuid } from "./keys";
import { ConsulPolicy, ConsulToken } from "./resources";

/** Arguments of ConsulAcl. */
export interface ConsulAclArgs {
  readonly topology: Topology;
  readonly keys: Keys;
  /** The servers' containers. */
  readonly servers: readonly pulumi.Resource[];
}

/** Policies and tokens: one for each node, one for Patroni, one for people who look at the page. */
export class ConsulAcl extends PgComponent {
  /** Token names beside those of the nodes. */
  static readonly patroni = "patroni";
  static readonly viewer = "viewer";

  /** Each token's resource, by name. */
  public readonly tokens: ReadonlyMap<string, pulumi.Resource>;

  constructor(name: string, args: ConsulAclArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ConsulAcl", name, opts);
    const { topology } = args;
    const nodes = [...topology.consulServers, ...topology.consulAgents].map((node) => node.name);
    const grants = new Map([
      ...nodes.map((node) => [node, nodePolicy(node)] as const),
      [ConsulAcl.patroni, patroniPolicy(topology)] as const,
      [ConsulAcl.viewer, viewerPolicy()] as const,
    ]);
    this.tokens = new Map(
      [...grants].map(([grant, rules]) => [grant, this.grant(name, grant, rules, args)]),
    );
    this.registerOutputs({});
  }

  private grant(
    name: string,
    grant: string,
    rules: string,
    { topology, keys, servers }: ConsulAclArgs,
  ): pulumi.Resource {
    const consul = reachable(topology).consulServers.map((server) =>
      consulAccess(topology, server),
    );
    const via = { consul, managementToken: keys.managementToken };
    const description = `postgres-ha ${topology.cluster}`;
    const policy = new ConsulPolicy(
      `${name}-policy-${grant}`,
      { ...via, name: grant, description, rules },
      this.child(servers),
    );
    return new ConsulToken(
      `${name}-token-${grant}`,
      {
        ...via,
        accessorId: toUuid(
          createHash("sha256").update(`${topology.cluster}/${grant}`).digest("hex"),
        ),
        secretId: keys.token(grant),
        description: `${description}: ${grant}`,
        policies: [grant],
      },
      this.child([policy]),
    );
  }
}
