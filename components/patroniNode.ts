import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../model/config";
import { PG_ROOT, SOCKET_DIR, UID } from "../model/paths";
import { MAXIMUM_LAG_BYTES } from "../model/render/dynamicConfig";
import { PATRONI_FILE, renderPatroni } from "../model/render/patroni";
import { PGBACKREST_FILE, renderMemberBackrest } from "../model/render/pgbackrest";
import {
  containerAccess,
  memberAccess,
  type MemberPlan,
  poolerAccess,
  reachable,
  type Topology,
} from "../model/topology";
import { PgComponent } from "./component";
import { ConsulAcl } from "./consulAcl";
import {
  type ContainerSpec,
  createConfigFiles,
  createContainer,
  replacementHash,
} from "./container";
import { createDataVolume } from "./dataVolume";
import type { DockerHost } from "./dockerHost";
import type { Keys } from "./keys";
import { Drain } from "./resources";
import * as docker from "@pulumi/docker";

/** Arguments of PatroniNode. */
export interface PatroniNodeArgs {
  readonly config: StackConfig;
  readonly topology: Topology;
  readonly member: MemberPlan;
  readonly host: DockerHost;
  readonly keys: Keys;
  /** The agent that it talks to, and its token. */
  readonly consul: readonly pulumi.Resource[];
  /** The member before it in the roll. Only its place in the order: none of its outputs. */
  readonly previous?: PatroniNode | undefined;
}

/**
 * One PostgreSQL member run by Patroni. Invariants: its data volume outlives its container; it is
 * replaced only after the drain that shares its trigger, and after the member before it.
 */
export class PatroniNode extends PgComponent {
  constructor(args: PatroniNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    const { config, member, host, keys } = args;
    super("PatroniNode", member.name, opts);
    const data = createDataVolume(
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
    const files = this.createFiles(args);
    const spec = memberSpec(config, member);
    const drain = this.createDrain(args, spec);
    createContainer(host, spec, this.child([data, run, files, drain, ...args.consul]));
    if (args.topology.repository) {
      createContainer(host, backrestSpec(config, member), this.child([data, run, files]));
    }
    this.registerOutputs({});
  }

  private createFiles(args: PatroniNodeArgs): pulumi.Resource {
    const { config, topology, member, keys } = args;
    const { repository } = topology;
    const patroni = pulumi
      .all([keys.token(ConsulAcl.patroni), keys.password("replicator"), keys.password("rewind")])
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

  private createDrain(args: PatroniNodeArgs, spec: ContainerSpec): pulumi.Resource {
    const { topology, member, host, previous } = args;
    const near = reachable(topology);
    return new Drain(
      `${member.name}-drain`,
      {
        member: memberAccess(topology, member),
        members: near.members.map((one) => memberAccess(topology, one)),
        unreachable: topology.members.length - near.members.length,
        haproxies: near.haproxies.map((one) => containerAccess(topology, one)),
        poolers: near.poolers.map((one) => poolerAccess(topology, one)),
        trigger: replacementHash(host, spec),
        timeoutSeconds: 120,
        maximumLagBytes: MAXIMUM_LAG_BYTES,
      },
      this.child(previous ? [previous] : []),
    );
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

/** The sidecar by which the repository host reaches PGDATA: same volumes, one process of its own. */
function backrestSpec(config: StackConfig, member: MemberPlan): ContainerSpec {
  return {
    instance: member.backrest,
    image: "postgres",
    uid: UID.postgres,
    memoryMiB: config.resources.memoryMiB.backup,
    command: ["pgbackrest", "server"],
    env: { PGBACKREST_CONFIG: PGBACKREST_FILE, PGHA_BACKREST_PORT: member.backrest.port },
    ports: [{ port: member.backrest.port, to: "peer" }],
    volumes: { [dataVolume(member)]: PG_ROOT, [runVolume(member)]: SOCKET_DIR },
    configOf: member.name,
    healthcheck: ["healthcheck", "pgbackrest"],
    graceSeconds: 30,
  };
}
