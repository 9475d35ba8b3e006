/** What a host is asked before anything on it is changed. */
import type { HostAccess } from "../../model/access";
import type { HostNeeds } from "../../model/hostResources";
import { dockerClient } from "../docker";
import { finding } from "../errors";
import { localFacts, remoteFacts, type OwnFacts } from "./ownFacts";

/** What the engine tells of itself. */
export interface EngineFacts {
  readonly version: string;
  readonly system: string;
  readonly architecture: string;
  readonly memoryBytes: number;
  /** `systemd`, `cgroupfs`, or `none` where limits cannot be set. */
  readonly cgroupDriver: string;
  readonly memoryLimit: boolean;
  readonly swapLimit: boolean;
  readonly rootless: boolean;
  readonly dataRoot: string;
  /** Its clock less this machine's, in ms: the true value lies between the two. */
  readonly clock: readonly [number, number];
}

/** A published port of a container that runs. */
export interface HeldPort {
  readonly container: string;
  /** Names of the networks that the container is in. */
  readonly networks: readonly string[];
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
}

/** All that is known of a host. */
export interface HostFacts extends OwnFacts {
  readonly engine: EngineFacts;
  readonly held: readonly HeldPort[];
}

/** Milliseconds for each question to an engine. */
const TIMEOUT_MS = 15_000;

/** Everything about one host; throws where its engine gives no answer. */
async function hostFacts(needs: HostNeeds): Promise<HostFacts> {
  const { access, dataPath } = needs;
  // Alone and first: it opens the connection that the other questions share.
  const engine = await engineFacts(access);
  const own = access.docker.startsWith("unix://") ? localFacts : remoteFacts;
  const [held, rest] = await Promise.all([
    heldPorts(access),
    own(access, engine.dataRoot, dataPath),
  ]);
  return { engine, held, ...rest };
}

async function engineFacts(host: HostAccess): Promise<EngineFacts> {
  const before = Date.now();
  const docker: unknown = dockerClient(host);
  const info = await (docker as EngineCalls).info({
    abortSignal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const after = Date.now();
  const time = Date.parse(info.SystemTime);
  return {
    version: info.ServerVersion,
    system: info.OSType,
    architecture: info.Architecture,
    memoryBytes: info.MemTotal,
    cgroupDriver: info.CgroupDriver,
    memoryLimit: info.MemoryLimit,
    swapLimit: info.SwapLimit,
    rootless: (info.SecurityOptions ?? []).some((option) => /^name=rootless\b/.test(option)),
    dataRoot: info.DockerRootDir,
    clock: [time - after, time - before],
  };
}

/** The client's types know no options of this call. */
interface EngineCalls {
  info(options: { abortSignal: AbortSignal }): Promise<EngineInfo>;
}

/** The part of `docker info` that is used here. */
interface EngineInfo {
  readonly ServerVersion: string;
  readonly OSType: string;
  readonly Architecture: string;
  readonly MemTotal: number;
  readonly CgroupDriver: string;
  readonly MemoryLimit: boolean;
  readonly SwapLimit: boolean;
  readonly SecurityOptions: readonly string[] | null;
  readonly DockerRootDir: string;
  readonly SystemTime: string;
}

/** Published ports of all containers that run on a host. */
async function heldPorts(host: HostAccess): Promise<HeldPort[]> {
  const containers = await dockerClient(host).listContainers({
    abortSignal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return containers.flatMap(({ Names, Ports, NetworkSettings }) =>
    Ports.filter(({ PublicPort }) => PublicPort !== undefined && PublicPort !== 0).map((port) => ({
      container: (Names[0] ?? "").replace(/^\//, ""),
      networks: Object.keys(NetworkSettings.Networks),
      address: port.IP,
      port: port.PublicPort,
      protocol: port.Type,
    })),
  );
}

/** Facts of a host, or why there are none. */
export async function factsOrWhy(needs: HostNeeds): Promise<HostFacts | { readonly why: string }> {
  try {
    return await hostFacts(needs);
  } catch (error) {
    // Node's own words for the timeout tell neither how long nor of what.
    const late = error instanceof Error && /abort/i.test(error.message);
    return { why: late ? `nothing within ${TIMEOUT_MS / 1000} s` : finding(error) };
  }
}
