/** Inputs of the resource types that are about the hosts themselves: see model/resources.ts. */
import type { ContainerAccess, HostAccess } from "./access";
import type { ImageInputs } from "./resources";

/** The right to a data volume: refuses one that is there and belongs to somebody else. */
export interface VolumeClaimInputs {
  readonly host: HostAccess;
  /** Name of the cluster. */
  readonly cluster: string;
  /** Name of the volume that will be made, or is there from before. */
  readonly volume: string;
  /** Mark of this cluster, written on the volume as a label. */
  readonly owner: string;
  /** Where `dataPath` puts the volume: a directory of the volume's name, made by the claim. */
  readonly directory?: DataDirectory | undefined;
}

/** A directory on a chosen disk that a container sees as its data volume. */
export interface DataDirectory {
  /** The host's `dataPath`. */
  readonly path: string;
  /** Numeric owner, as inside the containers. */
  readonly uid: number;
  /** An image that is on the host and has `rm`: only containers reach the disk of a host. */
  readonly image: string;
}

/** A member's data: its container, and the way to its volume where there is none. */
export interface MemberData extends ContainerAccess {
  /** Name of the data volume. */
  readonly volume: string;
  /** Directory behind the volume, where `dataPath` says so. */
  readonly device?: string | undefined;
  /** PGDATA, as seen in the container. */
  readonly dataDirectory: string;
  /** An image that is on the host. */
  readonly image: string;
}

/** That there is a cluster, and which: once this is recorded, no member makes a new one. */
export interface ClusterIdentityInputs {
  readonly cluster: string;
  /** All members on hosts that can be reached. */
  readonly members: readonly MemberData[];
  /** How many members are on hosts that are out, and not among them. */
  readonly unreachable: number;
  /** Never declared: here Read says what is in the place of data that is gone. */
  readonly lost?: string | undefined;
}
/** Computed by ClusterIdentity. */
export interface ClusterIdentityState extends ClusterIdentityInputs {
  /** PostgreSQL system identifier, decimal; empty until it is read from a volume. */
  readonly systemIdentifier: string;
}

/** The cluster's bridge network on a host. */
export interface NetworkInputs {
  readonly host: HostAccess;
  readonly name: string;
  /** IPv4 range, CIDR. */
  readonly subnet: string;
  readonly gateway: string;
}

/** One file of a config volume. */
export interface ConfigFile {
  /** Text; secret where it holds one. */
  readonly content: string;
  /** Octal, as `"0600"`. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
}
/** How the process that reads the files is told. */
export interface Reload {
  /** Container of the process; nothing is done when it does not run. */
  readonly container: string;
  /** Signal for its pid 1, e.g. `SIGHUP`. */
  readonly signal?: string | undefined;
  /** Or a command inside it. */
  readonly exec?: readonly string[] | undefined;
}
/** Files of one container, in its config volume, written through a never-started holder. */
export interface ConfigFilesInputs {
  readonly host: HostAccess;
  /** Name of the never-started container that has the volume mounted read-write. */
  readonly holder: string;
  /** Directory of the volume inside the holder, `/config/<name>`. */
  readonly directory: string;
  /** Path relative to `directory` -> file. Files not named here are removed. */
  readonly files: Record<string, ConfigFile>;
  /** Every process that reads the files. */
  readonly reload: readonly Reload[];
}

/** A port that is going to be published on a host. */
export interface PlannedPort {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** What listens, for messages. */
  readonly what: string;
  /** Whether the other hosts have to reach it. */
  readonly peers: boolean;
}

/** What the cluster is going to need of a host. */
export interface HostNeeds {
  readonly access: HostAccess;
  /** Address on which ports are published. */
  readonly address: string;
  readonly ports: readonly PlannedPort[];
  /** Containers of the cluster on this host. */
  readonly containers: readonly string[];
  /** MiB that they may use together. */
  readonly memoryMiB: number;
  readonly dataPath?: string | undefined;
}

/** A host whose ports are tried from the others, by a short-lived container. */
export interface TriedHost {
  readonly access: HostAccess;
  readonly address: string;
  readonly ports: readonly PlannedPort[];
  /** Containers of the cluster on this host: what they publish is tried as it is. */
  readonly containers: readonly string[];
  /** The cluster's network, and a free address in it. */
  readonly network: Omit<NetworkInputs, "host">;
  readonly ip: string;
}

/** Looks at all hosts before anything on them is changed: one list of everything wrong. */
export interface PreflightInputs {
  readonly cluster: string;
  readonly hosts: readonly HostNeeds[];
  /** Hosts that are tried from each other; none where there is one host. */
  readonly tried: readonly TriedHost[];
  /** Host -> the image for the try. */
  readonly probes: Readonly<Record<string, ImageInputs>>;
}
