import { createHash } from "node:crypto";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { TRIGGER_LABEL } from "../model/labels";
import type { Instance } from "../model/topology";
import { CONFIG_DIR } from "../model/paths";
import { configVolumeName, type DockerHost } from "./dockerHost";
import type { ImageName } from "./images";
import type { TlsFiles } from "./keys";
import { ConfigFiles } from "./resources";
import type { GatedContainer, Reload } from "../model/resources";

/** A port of a container, published under the same number. */
export interface PublishedPort {
  readonly port: number;
  /** `client`: where applications and people reach it. `peer`: between hosts only. */
  readonly to: "client" | "peer";
  readonly udp?: boolean;
}

/** What differs between the containers; everything else is the same hardened frame. */
export interface ContainerSpec {
  readonly instance: Instance;
  readonly image: ImageName;
  readonly uid: number;
  /** Memory limit in MiB; swap is off. */
  readonly memoryMiB: number;
  readonly command?: readonly string[];
  /** Never a secret: environments are visible to whoever may inspect a container. */
  readonly env?: Readonly<Record<string, string | number>>;
  readonly ports: readonly PublishedPort[];
  /** Volume name -> path in the container. */
  readonly volumes?: Readonly<Record<string, string>>;
  /** Writable memory file systems beside /tmp. */
  readonly tmpfs?: readonly string[];
  /** Config volume to mount; the container's own unless it shares another's. */
  readonly configOf?: string;
  readonly healthcheck: readonly string[];
  /** Seconds between SIGTERM and SIGKILL. */
  readonly graceSeconds: number;
  readonly shmSizeMiB?: number;
}

/** Docker's arguments for a spec: plain values only, so that a hash of them says what changes. */
function containerArgs(host: DockerHost, spec: ContainerSpec) {
  const { instance } = spec;
  return {
    name: instance.name,
    hostname: instance.name,
    image: host.images.get(spec.image).tag,
    ...(spec.command ? { command: [...spec.command] } : {}),
    envs: Object.entries(spec.env ?? {}).map(([name, value]) => `${name}=${value}`),
    user: `${spec.uid}:${spec.uid}`,
    readOnly: true,
    tmpfs: tmpfsOf(spec),
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    memory: spec.memoryMiB,
    memorySwap: spec.memoryMiB,
    ...(spec.shmSizeMiB ? { shmSize: spec.shmSizeMiB } : {}),
    restart: "unless-stopped",
    init: false,
    stopTimeout: spec.graceSeconds,
    destroyGraceSeconds: spec.graceSeconds,
    logDriver: "json-file",
    logOpts: { "max-size": "20m", "max-file": "3" },
    networksAdvanced: [{ name: host.plan.network.name, ipv4Address: instance.ip }],
    ports: portsOf(host, spec),
    volumes: volumesOf(spec),
    healthcheck: {
      tests: ["CMD", ...spec.healthcheck],
      // Each check is a process in the container: often enough to be told, seldom enough to be free.
      interval: "30s",
      timeout: "10s",
      startPeriod: "30s",
      retries: 3,
    },
    wait: false,
    mustRun: true,
  };
}

/** Arguments of which a change is made in the running container: what Docker's update can do. */
const IN_PLACE = ["memory", "memorySwap", "restart", "mustRun", "wait", "destroyGraceSeconds"];

/** Changes exactly with what replaces the container. */
function replacementHash(host: DockerHost, spec: ContainerSpec): string {
  const args = Object.entries(containerArgs(host, spec)).filter(([key]) => !IN_PLACE.includes(key));
  return createHash("sha256").update(JSON.stringify(args)).digest("hex").slice(0, 16);
}

/** What a gate before a container knows of it. */
export function gated(host: DockerHost, spec: ContainerSpec): GatedContainer {
  return {
    cluster: host.plan.network.name,
    image: host.images.get(spec.image).tag,
    trigger: replacementHash(host, spec),
    memoryMiB: spec.memoryMiB,
  };
}

/**
 * What a container waits for whatever it is: its network, its config volume, its image. A gate before
 * it waits for the same, so that the container is replaced as soon as the gate has opened.
 */
export function containerBase(host: DockerHost, spec: ContainerSpec): pulumi.Resource[] {
  return [...host.base, host.images.get(spec.image).resource];
}

/** A container in the hardened frame. */
export function createContainer(
  host: DockerHost,
  spec: ContainerSpec,
  opts: pulumi.CustomResourceOptions,
): docker.Container {
  const trigger = { label: TRIGGER_LABEL, value: replacementHash(host, spec) };
  return new docker.Container(
    spec.instance.name,
    { ...containerArgs(host, spec), labels: [trigger] },
    host.on(
      pulumi.mergeOptions(opts, {
        deleteBeforeReplace: true,
        replaceOnChanges: ["healthcheck", "tmpfs"],
        dependsOn: containerBase(host, spec),
      }),
    ),
  );
}

/** Text files of a container; contents may be secret outputs. */
export type FileTexts = Readonly<Record<string, pulumi.Input<string>>>;

/** Writes a container's config volume: its certificate and its own files, readable by it alone. */
export function createConfigFiles(
  host: DockerHost,
  args: {
    readonly instance: Instance;
    readonly uid: number;
    readonly tls: TlsFiles;
    readonly files: FileTexts;
    readonly reload: readonly Reload[];
  },
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const { instance, uid, tls } = args;
  const texts: FileTexts = {
    "tls/ca.crt": tls.ca,
    "tls/tls.crt": tls.certificate,
    "tls/tls.key": tls.key,
    ...args.files,
  };
  const file = ([path, content]: [string, pulumi.Input<string>]) =>
    [path, { content, mode: "0600", uid, gid: uid }] as const;
  return new ConfigFiles(
    `${instance.name}-files`,
    {
      host: host.plan.access,
      holder: host.plan.filesHolder,
      directory: `/config/${instance.name}`,
      files: Object.fromEntries(Object.entries(texts).map(file)),
      reload: args.reload,
    },
    pulumi.mergeOptions(opts, { dependsOn: [...host.base] }),
  );
}

function tmpfsOf(spec: ContainerSpec): Record<string, string> {
  const options = `rw,noexec,nosuid,nodev,size=64m,mode=0700,uid=${spec.uid},gid=${spec.uid}`;
  return Object.fromEntries(["/tmp", ...(spec.tmpfs ?? [])].map((path) => [path, options]));
}

function portsOf(host: DockerHost, spec: ContainerSpec) {
  const { address, clientAddress, publishPeers } = host.plan;
  return spec.ports
    .filter((port) => port.to === "client" || publishPeers)
    .flatMap(({ port, udp }) =>
      (udp ? ["tcp", "udp"] : ["tcp"]).map((protocol) => ({
        internal: port,
        external: port,
        ip: address ?? clientAddress,
        protocol,
      })),
    )
    .sort((a, b) => a.internal - b.internal || a.protocol.localeCompare(b.protocol));
}

function volumesOf(spec: ContainerSpec) {
  const config = configVolumeName(spec.configOf ?? spec.instance.name);
  return [
    { volumeName: config, containerPath: CONFIG_DIR, readOnly: true },
    ...Object.entries(spec.volumes ?? {}).map(([volumeName, containerPath]) => ({
      volumeName,
      containerPath,
    })),
  ];
}
