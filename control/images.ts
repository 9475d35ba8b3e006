/** Images on an engine: found, compared, tagged. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { HostAccess } from "../model/access";
import { dockerClient, dockerStatus } from "./docker";
import { ControlError, UnreachableError, describe } from "./errors";

/** What is looked at in an image. */
export interface ImageSeen {
  readonly id: string;
  /** ISO 8601. */
  readonly created: string;
  /** As Go names it, `amd64`. */
  readonly architecture: string;
  /** Digests of the layers' contents. */
  readonly layers: readonly string[];
}

/** The image under a tag or an id; undefined when the engine has none. */
export async function findImage(host: HostAccess, name: string): Promise<ImageSeen | undefined> {
  try {
    const seen = await dockerClient(host).getImage(name).inspect();
    return {
      id: seen.Id,
      created: seen.Created,
      architecture: seen.Architecture,
      layers: seen.RootFS.Layers ?? [],
    };
  } catch (error) {
    if (dockerStatus(error) === 404) return undefined;
    throw engineFailure("look for the image", host, name, error);
  }
}

/**
 * Whether two engines mean the same image. An engine that keeps images in containerd names it by
 * another digest than one that does not: then layers and time of creation tell.
 */
export function sameImage(left: ImageSeen, right: ImageSeen): boolean {
  if (left.id === right.id) return true;
  return (
    left.layers.length > 0 &&
    JSON.stringify(left.layers) === JSON.stringify(right.layers) &&
    Date.parse(left.created) === Date.parse(right.created)
  );
}

/** Puts a tag, `REPOSITORY:TAG`, on an image that the engine has. */
export async function tagImage(host: HostAccess, name: string, tag: string): Promise<void> {
  const colon = tag.lastIndexOf(":");
  try {
    await dockerClient(host)
      .getImage(name)
      .tag({ repo: tag.slice(0, colon), tag: tag.slice(colon + 1) });
  } catch (error) {
    throw engineFailure(`tag ${name}`, host, tag, error);
  }
}

/** An error about an image on a host. */
export function imageFailure(
  doing: string,
  host: HostAccess,
  tag: string,
  found: string,
  remedy: string,
): ControlError {
  return new ControlError({ doing, where: `${tag} on host ${host.name}`, found, remedy });
}

/** Turns an error of the Docker client into one that says what was done with which image. */
export function engineFailure(doing: string, host: HostAccess, tag: string, error: unknown): Error {
  if (error instanceof ControlError) return error;
  const remedy = `Check the Docker engine of host ${host.name} (${host.docker}).`;
  const where = `${tag} on host ${host.name}`;
  return new UnreachableError({ doing, where, found: describe(error).trim(), remedy }, error);
}

/** Whether an engine is on this machine. */
export function isLocal(host: HostAccess): boolean {
  return host.docker.startsWith("unix://");
}

/** The operator's own engine: DOCKER_HOST, else the usual socket of this machine. */
export function ownEngine(): HostAccess {
  const given = process.env.DOCKER_HOST ?? "";
  if (given.startsWith("unix://")) return { name: "operator", docker: given };
  if (given !== "") {
    throw new ControlError({
      doing: "use the operator's own Docker engine",
      where: `DOCKER_HOST=${given}`,
      found: "it is not a socket of this machine",
      remedy: "Set DOCKER_HOST to unix:///path of an engine here, or unset it.",
    });
  }
  const usual = "/var/run/docker.sock";
  const sockets = [usual, join(homedir(), ".docker", "run", "docker.sock")];
  const socket = sockets.find((path) => existsSync(path)) ?? usual;
  return { name: "operator", docker: `unix://${socket}` };
}

/** An image for another processor would be taken in, and fail only when a container starts. */
export async function checkArchitecture(
  host: HostAccess,
  images: Readonly<Record<string, ImageSeen>>,
): Promise<void> {
  const names = Object.keys(images).join(", ");
  const { Arch } = await dockerClient(host)
    .version()
    .catch((error: unknown) => {
      throw engineFailure("ask for the version", host, names, error);
    });
  const other = Object.entries(images).find(([, { architecture }]) => architecture !== Arch);
  if (other === undefined) return;
  throw imageFailure(
    "use the image",
    host,
    other[0],
    `it is made for ${other[1].architecture}, and the host is ${Arch}`,
    `Run \`up\` on a machine with ${Arch}, or set DOCKER_HOST to the socket of such an engine.`,
  );
}
