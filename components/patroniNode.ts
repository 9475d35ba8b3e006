import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { dataDirectory, PG_ROOT, SOCKET_DIR, UID } from "../model/paths";
import { patroniGrant } from "../model/render/consul";
import type { MemberData } from "../model/resources";
import { MAXIMUM_LAG_BYTES } from "../model/render/dynamicConfig";
import { PATRONI_FILE, renderPatroni } from "../model/render/patroni";
import { PGBACKREST_FILE, renderMemberBackrest } from "../model/render/pgbackrest";
import {
  consulAccess,
  containerAccess,
  frontAccess,
  memberAccess,
  type MemberPlan,
  reachable,
  type Topology,
} from "../model/topology";
import { backupAccess, createBackRestServer } from "./backRestServer";
import { PgComponent } from "./component";
import {
  containerBase,
  type ContainerSpec,
  createConfigFiles,
  createContainer,
  gated,
} from "./container";
import { createDataVolume, deviceOf } from "./dataVolume";
import type { DockerHost } from "./dockerHost";
import type { Keys } from "./keys";
import { Drain, MemberExit } from "./resources";
import * as docker from "@pulumi/docker";

/** Arguments of PatroniNode. */
export interface PatroniNodeArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly member: MemberPlan;
  readonly host: DockerHost;
  readonly keys: Keys;
}

/** What a member starts after. */
export interface StartArgs {
  /** That the cluster is known, or may be made. */
  readonly identity: pulumi.Resource;
  /** What is replaced before the members: Consul's agents and tokens, the repository. */
  readonly after: readonly pulumi.Resource[];
  /** The member before it in the roll. Only its place in the order: none of its outputs. */
  readonly previous?: PatroniNode | undefined;
}

/**
 * One PostgreSQL member run by Patroni. Invariants: its data volume outlives its container; it is
 * replaced only after the drain that shares its trigger, and after the member before it.
 */
export class PatroniNode extends PgComponent {
  public readonly host: DockerHost;
  public readonly volume: docker.Volume;
  /** Volumes and files of its containers. */
  private readonly stock: readonly pulumi.Resource[];

  constructor(
    private readonly args: PatroniNodeArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { config, member, host, keys } = args;
    super("PatroniNode", member.name, opts);
    this.host = host;
    this.volume = createDataVolume(
      {
        host,
        keys,
        name: dataVolume(member),
        image: "postgres",
        uid: UID.postgres,
        protect: config.protect,
      },
      this.child(),
    );
    const run = new docker.Volume(
      runVolume(member),
      { name: runVolume(member) },
      host.on(this.child()),
    );
    this.stock = [this.volume, run, this.createFiles(args)];
  }

  /** Its data, and how to look at it. */
  get data(): MemberData {
    const { config, topology, member, host } = this.args;
    const volume = dataVolume(member);
    return {
      ...containerAccess(topology, member),
      volume,
      device: deviceOf(host, volume),
      dataDirectory: dataDirectory(config.postgres.version),
      image: host.images.get("postgres").tag,
    };
  }

  /** Makes its containers. */
  start({ identity, after, previous }: StartArgs): void {
    const { config, topology, member, host } = this.args;
    const spec = memberSpec(config, member);
    const base = [...this.stock, identity, ...after, ...containerBase(host, spec)];
    const drain = this.createDrain(spec, [...base, ...(previous ? [previous] : [])]);
    const container = createContainer(host, spec, this.child([...base, drain]));
    this.createExit(container);
    if (topology.repository) {
      const volumes = { [dataVolume(member)]: PG_ROOT, [runVolume(member)]: SOCKET_DIR };
      createBackRestServer(
        { config, topology, host, instance: member.backrest, volumes, configOf: member.name },
        this.child([...this.stock, container]),
      );
    }
    this.registerOutputs({});
  }

  private createFiles(args: PatroniNodeArgs): pulumi.Resource {
    const { config, topology, member, keys } = args;
    const { repository } = topology;
    const patroni = pulumi
      .all([
        keys.token(patroniGrant(member.name)),
        keys.password("replicator"),
        keys.password("rewind"),
      ])
      .apply(([consulToken, replicationPassword, rewindPassword]) =>
        renderPatroni(config, topology, member, {
          consulToken,
          replicationPassword,
          rewindPassword,
        }),
      );
    return createConfigFiles(
      args.host,
      {
        instance: member,
        uid: UID.postgres,
        tls: keys.tls(member),
        files: {
          "patroni.yml": patroni,
          ...(repository
            ? { "pgbackrest.conf": renderMemberBackrest(config, topology, member, repository) }
            : {}),
        },
        // Patroni takes SIGHUP as: read the file again, and have PostgreSQL do the same.
        reload: [
          { container: member.name, signal: "SIGHUP" },
          ...(repository ? [{ container: member.backrest.name, signal: "SIGHUP" }] : []),
        ],
      },
      this.child(),
    );
  }

  private createDrain(spec: ContainerSpec, after: readonly pulumi.Resource[]): pulumi.Resource {
    const { topology, host, keys } = this.args;
    const near = reachable(topology);
    return new Drain(
      `${this.args.member.name}-drain`,
      {
        ...this.membership(),
        ...gated(host, spec),
        ...backupAccess(topology),
        unreachable: topology.members.length - near.members.length,
        consul: near.consulServers.map((server) => consulAccess(topology, server)),
        managementToken: keys.managementToken,
      },
      this.child(after),
    );
  }

  private createExit(container: pulumi.Resource): void {
    new MemberExit(`${this.args.member.name}-exit`, this.membership(), this.child([container]));
  }

  /** The member among the others, and clients before them. */
  private membership() {
    const { topology, member } = this.args;
    return {
      member: memberAccess(topology, member),
      members: reachable(topology).members.map((one) => memberAccess(topology, one)),
      ...frontAccess(topology),
      timeoutSeconds: 120,
      maximumLagBytes: MAXIMUM_LAG_BYTES,
    };
  }
}

function dataVolume(member: MemberPlan): string {
  return `${member.name}-data`;
}

function runVolume(member: MemberPlan): string {
  return `${member.name}-run`;
}

function memberSpec(config: StackConfig, member: MemberPlan): ContainerSpec {
  return {
    instance: member,
    image: "postgres",
    uid: UID.postgres,
    memoryMiB: config.resources.memoryMiB.postgres,
    shmSizeMiB: config.resources.shmSizeMiB,
    env: {
      PGHA_NAME: member.name,
      PGHA_API_PORT: member.apiPort,
      PGPORT: member.port,
      PGBACKREST_CONFIG: PGBACKREST_FILE,
      PATRONICTL_CONFIG_FILE: PATRONI_FILE,
    },
    ports: [
      { port: member.port, to: "client" },
      { port: member.apiPort, to: "client" },
    ],
    volumes: { [dataVolume(member)]: PG_ROOT, [runVolume(member)]: SOCKET_DIR },
    healthcheck: ["healthcheck"],
    // A clean stop writes a checkpoint and waits until the standbys have it.
    graceSeconds: 120,
  };
}
