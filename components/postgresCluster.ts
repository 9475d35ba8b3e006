import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { VIEWER } from "../model/render/consul";
import { dynamicConfig, restartParameters } from "../model/render/dynamicConfig";
import { PGBACKREST_FILE, stanzaName } from "../model/render/pgbackrest";
import {
  frontAccess,
  memberAccess,
  planTopology,
  reachable,
  type Topology,
} from "../model/topology";
import versions from "../setup/versions.json";
import { BackRestRepo } from "./backRestRepo";
import { createIdentity } from "./clusterIdentity";
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
 * tokens, agents, members, HAProxy, PgBouncer, what is inside PostgreSQL, backups; Ready at the end is
 * the condition of `up`. Containers are replaced in the same order, one after the other.
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
    const repository = this.createRepository();
    const agents = this.createAgents(acl);
    const members = this.createMembers([acl, ...agents, ...repository]);
    const endpoints = this.createEndpoints(members);
    const dynamic = this.applyDynamicConfig([...members, ...endpoints]);
    const databases = this.createDatabases(dynamic);
    const backup = this.createBackup([...repository, dynamic, ...members]);
    const ready = createReady(
      { config: this.config, topology: this.topology, keys: this.keys },
      this.child([...members, ...endpoints, databases, dynamic, ...backup]),
    );

    const { config, keys } = this;
    const viewerToken = keys.token(VIEWER);
    this.outputs = clusterOutputs({ config, topology, keys, ready, viewerToken });
    this.registerOutputs({ clusterName: this.config.cluster });
  }

  private declareShape(): pulumi.Resource {
    const { members, consulServers, haproxies, poolers, repository } = this.topology;
    const names = (parts: readonly { readonly name: string }[]) => parts.map(({ name }) => name);
    const voters = [...members, ...consulServers];
    const near = new Set(names([...this.near.members, ...this.near.consulServers]));
    return new ClusterShape(
      `${this.config.cluster}-shape`,
      {
        cluster: this.config.cluster,
        consulServers: Object.fromEntries(
          consulServers.map((s) => [s.name, `${s.address}:${s.ports.rpc}`]),
        ),
        members: names(members),
        out: names(voters).filter((name) => !near.has(name)),
        endpoints: names([...haproxies, ...poolers, ...(repository ? [repository] : [])]),
        synchronous: this.config.failover.synchronous !== "off",
        users: this.config.postgres.users.map((user) => user.name),
        postgresVersion: this.config.postgres.version,
        baseSuite: versions.base.suite,
        restartParameters: restartParameters(this.config, this.topology),
      },
      this.child(),
    );
  }

  private createConsul(): ConsulAcl {
    const servers: ConsulServer[] = [];
    for (const server of this.topology.consulServers) {
      const before = [...servers];
      servers.push(new ConsulServer({ ...this.parts(server), server, before }, this.parent));
    }
    return new ConsulAcl(
      `${this.config.cluster}-acl`,
      { topology: this.topology, keys: this.keys, servers },
      this.parent,
    );
  }

  private createAgents(acl: ConsulAcl): ConsulAgent[] {
    const agents: ConsulAgent[] = [];
    for (const agent of this.topology.consulAgents) {
      const order = { acl: [acl], before: [...agents] };
      agents.push(new ConsulAgent({ ...this.parts(agent), agent, ...order }, this.parent));
    }
    return agents;
  }

  private createMembers(after: readonly pulumi.Resource[]): PatroniNode[] {
    const nodes = this.topology.members.map(
      (member) => new PatroniNode({ ...this.parts(member), member }, this.parent),
    );
    const identity = createIdentity(this.config, nodes, this.parent);
    nodes.forEach((node, index) => {
      node.start({ identity, after, previous: nodes[index - 1] });
    });
    return nodes;
  }

  /** One after the other, so that no two parts of a way to the members are replaced at once. */
  private createEndpoints(members: readonly pulumi.Resource[]): pulumi.Resource[] {
    const made: (HaproxyEndpoint | PgBouncerPool)[] = [];
    const order = () => ({ before: [...members, ...made.map(({ container }) => container)] });
    for (const haproxy of this.topology.haproxies) {
      const args = { ...this.parts(haproxy), haproxy, ...order() };
      made.push(new HaproxyEndpoint(args, this.parent));
    }
    for (const pooler of this.topology.poolers) {
      const args = { ...this.parts(pooler), pooler, ...order() };
      made.push(new PgBouncerPool(args, this.parent));
    }
    return made;
  }

  /** It may restart members, so nothing else of the way to them is in the making any more. */
  private applyDynamicConfig(after: readonly pulumi.Resource[]): pulumi.Resource {
    return new DynamicConfig(
      `${this.config.cluster}-dynamic-config`,
      {
        members: this.near.members.map((member) => memberAccess(this.topology, member)),
        unreachable: this.topology.members.length - this.near.members.length,
        ...frontAccess(this.topology),
        config: dynamicConfig(this.config, this.topology) as Record<string, never>,
      },
      this.child(after),
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

  /** The repository, where there is one: it knows a new member before that asks for its data. */
  private createRepository(): BackRestRepo[] {
    const { repository } = this.topology;
    if (repository === undefined) return [];
    return [new BackRestRepo({ ...this.parts(repository), repository }, this.parent)];
  }

  private createBackup(after: readonly pulumi.Resource[]): pulumi.Resource[] {
    const { repository } = this.topology;
    if (repository === undefined) return [];
    const stanza = new Stanza(
      `${this.config.cluster}-stanza`,
      {
        repository: { host: this.hostOf(repository).plan.access, container: repository.name },
        stanza: stanzaName(this.topology),
        members: this.near.members.map((member) => memberAccess(this.topology, member)),
        configFile: PGBACKREST_FILE,
      },
      this.child(after),
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
