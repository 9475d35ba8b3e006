/** A host's Docker engine: one client per host, state and logs of containers. */
import Docker from "dockerode";
import type { ContainerAccess, HostAccess } from "../model/access";
import { dockerKey } from "./dockerKey";
import { ControlError, UnreachableError, describe } from "./errors";
import { FrameDecoder } from "./frames";
import { SshAgent } from "./sshEngine";

const clients = new Map<string, Docker>();

/** The client of a host's engine; made once. */
export function dockerClient(host: HostAccess): Docker {
  const key = dockerKey(host);
  const known = clients.get(key);
  if (known !== undefined) return known;
  const made = makeClient(host);
  clients.set(key, made);
  return made;
}

function makeClient(host: HostAccess): Docker {
  if (host.docker.startsWith("unix://")) {
    return new Docker({ socketPath: host.docker.slice("unix://".length) });
  }
  if (host.docker.startsWith("ssh://")) {
    const options = {
      protocol: "http" as const,
      host: "docker",
      port: 80,
      agent: new SshAgent(host),
    };
    return new Docker(options);
  }
  throw new ControlError({
    doing: "reach the Docker engine",
    where: `host ${host.name}`,
    found: `"${host.docker}" is neither a unix:// nor an ssh:// address`,
    remedy: `Set docker of host ${host.name} to unix:///var/run/docker.sock or ssh://user@host.`,
  });
}

/** What tells one container from another, those of other hosts included. */
export function containerKey(access: ContainerAccess): string {
  return JSON.stringify([dockerKey(access.host), access.container]);
}

/** Place of a container, for messages. */
export function place(access: ContainerAccess): string {
  return `container ${access.container} on host ${access.host.name}`;
}

/** HTTP status of an error of the Docker API, when it is one. */
export function dockerStatus(error: unknown): number | undefined {
  const code: unknown = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof code === "number" ? code : undefined;
}

/** Turns an error of the Docker client into one that says what was done where. */
export function dockerFailure(doing: string, access: ContainerAccess, error: unknown): Error {
  if (error instanceof ControlError) return error;
  const status = dockerStatus(error);
  const parts = { doing, where: place(access), found: describe(error).trim() };
  if (status === 404) {
    return new UnreachableError(
      { ...parts, remedy: "`up` makes a missing container again." },
      error,
    );
  }
  if (status === 409) {
    return new UnreachableError(
      { ...parts, remedy: `Look at its log: docker logs --tail 50 ${access.container}` },
      error,
    );
  }
  const remedy = `Check the Docker engine of host ${access.host.name} (${access.host.docker}).`;
  return new UnreachableError({ ...parts, remedy }, error);
}

/** What a container is doing. */
export interface ContainerState {
  readonly exists: boolean;
  readonly running: boolean;
  /** `running`, `exited`, `restarting`, ... or `missing`. */
  readonly status: string;
  /** `healthy`, `unhealthy`, `starting`; undefined without a health check. */
  readonly health?: string | undefined;
  readonly exitCode?: number | undefined;
  /** Tag or id that it was made from. */
  readonly image?: string | undefined;
  /** Its labels. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Names of the networks that it is in. */
  readonly networks?: readonly string[] | undefined;
}

/** State of a container; a missing one is a state, not an error. */
export async function containerState(access: ContainerAccess): Promise<ContainerState> {
  try {
    const seen = await dockerClient(access.host).getContainer(access.container).inspect();
    return {
      exists: true,
      // A container that dies and is started again and again counts as running for Docker.
      running: seen.State.Running && !seen.State.Restarting,
      status: seen.State.Status,
      health: seen.State.Health?.Status,
      exitCode: seen.State.ExitCode,
      image: seen.Config.Image,
      labels: seen.Config.Labels,
      networks: Object.keys(seen.NetworkSettings.Networks),
    };
  } catch (error) {
    if (dockerStatus(error) === 404) return { exists: false, running: false, status: "missing" };
    throw dockerFailure("read the state", access, error);
  }
}

/** The last lines of a container's log, both streams. */
export async function containerLogs(access: ContainerAccess, lines: number): Promise<string> {
  try {
    const container = dockerClient(access.host).getContainer(access.container);
    const raw = await container.logs({ stdout: true, stderr: true, tail: lines, follow: false });
    const { stdout, stderr } = FrameDecoder.split(raw);
    return [stdout.trimEnd(), stderr.trimEnd()].filter((text) => text !== "").join("\n");
  } catch (error) {
    throw dockerFailure("read the log", access, error);
  }
}
