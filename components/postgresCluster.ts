import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { dynamicConfig } from "../model/render/dynamicConfig";
import { PGBACKREST_FILE, stanzaName } from "../model/render/pgbackrest";
import {
  containerAccess,
  memberAccess,
  planTopology,
  poolerAccess,
  reachable,
  type Topology,
} from "../model/topology";
import versions from "../setup/versions.json";
import { BackRestRepo } from "./backRestRepo";
import { PgComponent } from "./component";
import { ConsulAcl } from "./consulAcl";
import { ConsulAgent } from "./consulAgent";
import { ConsulServer } from "./consulServer";
import { Databases } from "./databases";
import type { DockerHost } from "./dockerHost";
import { HaproxyEndpoint } from "./haproxyEndpoint";
import { createHosts } from "./hosts";
import { Keys } from "./keys";
import type { LoadedConfig } from "./loadConfig";
import { clusterOutputs, type ClusterOutputs } from "./outputs";
import { PatroniNode } from "./patroniNode";
import { PgBouncerPool } from "./pgBouncerPool";
import { createReady } from "./readiness";
import { ClusterShape, DynamicConfig, Stanza } from "./resources";

/**
 * The whole cluster. It is made in the order in which its parts stand on each other: Consul, its
 * tokens, agents, members, what is inside PostgreSQL, backups; Ready at the end is the condition of
 * `up`. HAProxy and PgBouncer wait for nobody.
 */
export class PostgresCluster extends PgComponent {
  public readonly outputs: ClusterOutputs;

  private readonly config: StackConfig;
  private readonly topology: Topology;
  /** Without the hosts that are out. */
  private readonly near: Topology;
  private readonly keys: Keys;
  private readonly hosts: ReadonlyMap<string, DockerHost>;
  private readonly parent = { parent: this };

  constructor(loaded: LoadedConfig, opts?: pulumi.ComponentResourceOptions) {
    const topology = planTopology(loaded.config);
    const transformations = [leaveAsRecorded(topology)];
    super("PostgresCluster", loaded.config.cluster, pulumi.mergeOptions(opts, { transformations }));
    this.config = loaded.config;
    this.topology = topology;
    this.near = reachable(this.topology);
    const shape = this.declareShape();
    this.keys = new Keys(
      `${this.config.cluster}-keys`,
      { ...loaded, topology: this.topology },
      this.parent,
    );
    this.hosts = createHosts(this.config, this.topology, [shape], this.parent);

    const acl = this.createConsul();
    const members = this.createMembers(acl);
    const endpoints = this.createEndpoints();
    const dynamic = this.applyDynamicConfig(members);
    const databases = this.createDatabases(dynamic);
    const backup = this.createBackup(members, dynamic);
    const ready = createReady(
      { config: this.config, topology: this.topology, keys: this.keys },
      this.child([...members, ...endpoints, databases, dynamic, ...backup]),
    );

    const { config, keys } = this;
    const viewerToken = keys.token(ConsulAcl.viewer);
    this.outputs = clusterOutputs({ config, topology, keys, ready, viewerToken });
    this.registerOutputs({ clusterName: this.config.cluster });
  }

  private declareShape(): pulumi.Resource {
    return new ClusterShape(
      `${this.config.cluster}-shape`,
      {
        cluster: this.config.cluster,
        consulServers: Object.fromEntries(
          this.topology.consulServers.map((s) => [s.name, `${s.address}:${s.ports.rpc}`]),
        ),
        members: this.topology.members.map((member) => member.name),
        users: this.config.postgres.users.map((user) => user.name),
        postgresVersion: this.config.postgres.version,
        baseSuite: versions.base.suite,
      },
      this.child(),
    );
  }

  private createConsul(): ConsulAcl {
    const servers = this.topology.consulServers.map(
      (server) => new ConsulServer({ ...this.parts(server), server }, this.parent),
    );
    return new ConsulAcl(
      `${this.config.cluster}-acl`,
      { topology: this.topology, keys: this.keys, servers },
      this.parent,
    );
  }

  private createMembers(acl: ConsulAcl): PatroniNode[] {
    const agents = new Map(
      this.topology.consulAgents.map((agent) => {
        const tokens = [this.tokenOf(acl, agent.name)];
        return [
          agent.host,
          new ConsulAgent({ ...this.parts(agent), agent, acl: tokens }, this.parent),
        ];
      }),
    );
    const nodes: PatroniNode[] = [];
    for (const member of this.topology.members) {
      const agent = agents.get(member.host);
      const consul = [this.tokenOf(acl, ConsulAcl.patroni), ...(agent ? [agent] : [])];
      const previous = nodes.at(-1);
      nodes.push(new PatroniNode({ ...this.parts(member), member, consul, previous }, this.parent));
    }
    return nodes;
  }

  private tokenOf(acl: ConsulAcl, name: string): pulumi.Resource {
    const token = acl.tokens.get(name);
    if (token === undefined) throw new Error(`cluster: no Consul token named ${name}`);
    return token;
  }

  private createEndpoints(): pulumi.Resource[] {
    return [
      ...this.topology.haproxies.map(
        (haproxy) => new HaproxyEndpoint({ ...this.parts(haproxy), haproxy }, this.parent),
      ),
      ...this.topology.poolers.map(
        (pooler) => new PgBouncerPool({ ...this.parts(pooler), pooler }, this.parent),
      ),
    ];
  }

  private applyDynamicConfig(members: readonly pulumi.Resource[]): pulumi.Resource {
    return new DynamicConfig(
      `${this.config.cluster}-dynamic-config`,
      {
        members: this.near.members.map((member) => memberAccess(this.topology, member)),
        haproxies: this.near.haproxies.map((one) => containerAccess(this.topology, one)),
        poolers: this.near.poolers.map((one) => poolerAccess(this.topology, one)),
        config: dynamicConfig(this.config, this.topology) as Record<string, never>,
      },
      this.child(members),
    );
  }

  private createDatabases(dynamic: pulumi.Resource): Databases {
    const { config, topology, keys } = this;
    return new Databases(
      `${config.cluster}-sql`,
      { config, topology, keys, after: [dynamic] },
      this.parent,
    );
  }

  private createBackup(
    members: readonly pulumi.Resource[],
    dynamic: pulumi.Resource,
  ): pulumi.Resource[] {
    const { repository } = this.topology;
    if (repository === undefined) return [];
    const host = new BackRestRepo({ ...this.parts(repository), repository }, this.parent);
    const stanza = new Stanza(
      `${this.config.cluster}-stanza`,
      {
        repository: { host: this.hostOf(repository).plan.access, container: repository.name },
        stanza: stanzaName(this.topology),
        members: this.near.members.map((member) => memberAccess(this.topology, member)),
        configFile: PGBACKREST_FILE,
      },
      this.child([host, dynamic, ...members]),
    );
    return [stanza];
  }

  /** Arguments that every part takes. */
  private parts(instance: { readonly host: string }) {
    const { config, topology, keys } = this;
    return { config, topology, keys, host: this.hostOf(instance) };
  }

  private hostOf(instance: { readonly host: string }): DockerHost {
    const host = this.hosts.get(instance.host);
    if (host === undefined) throw new Error(`cluster: no host named ${instance.host}`);
    return host;
  }
}

/** What is on a host that is out is neither changed nor removed; everything there has its name. */
function leaveAsRecorded({ cluster, hosts }: Topology): pulumi.ResourceTransformation {
  const away = hosts
    .filter((host) => !host.reachable)
    .map((host) => `${cluster}-${host.access.name}`);
  return ({ type, name, props, opts }) => {
    const out = away.some((prefix) => name === prefix || name.startsWith(`${prefix}-`));
    if (!out || type.startsWith("pgha:components:")) return undefined;
    return { props, opts: { ...opts, ignoreChanges: ["*"] } };
  };
}
