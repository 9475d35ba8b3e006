/**
 * Images by way of a registry. Logins are the operator's: the docker command line finds them in its
 * own configuration and hands them to the engine that pulls. They never pass through this process.
 */
import type { HostAccess } from "../model/access";
import { dockerCli } from "./dockerCli";
import { withEngineSocket } from "./engineSocket";
import { describe, excerpt } from "./errors";
import type { Say } from "./imageCarry";
import { checkArchitecture, findImage, imageFailure, tagImage } from "./images";

const DIGEST = /(?:^|\s)digest: (sha256:[0-9a-f]{64})(?:\s|$)/im;
/** What registries say of what they do not have; some do not tell that from what one may not see. */
const ABSENT = /not found|manifest unknown|name unknown|does not exist|denied|unauthorized/i;
const WORTH_SHOWING = /: (Pushed|Layer already exists|Mounted from .*|Pull complete)$/;

/** Name of an image in a registry: `REGISTRY/postgres:HASH` for `postgres-ha/postgres:HASH`. */
export function registryName(registry: string, tag: string): string {
  return `${registry}/${tag.slice(tag.lastIndexOf("/") + 1)}`;
}

/** The digest in what `docker push` or `docker pull` printed. */
export function digestIn(output: string): string | undefined {
  return DIGEST.exec(output)?.[1];
}

/** Pushes an image that the engine has; gives the name by digest, `REGISTRY/postgres@sha256:...`. */
export async function pushImage(
  engine: HostAccess,
  tag: string,
  registry: string,
  say: Say,
): Promise<string> {
  const name = registryName(registry, tag);
  await tagImage(engine, tag, name);
  say(`pushing ${name}`);
  try {
    const output = await dockerCli(engine.docker, ["push", name], shown(name, say));
    const digest = digestIn(output);
    if (digest === undefined) throw new Error(`docker push named no digest: ${output}`);
    return byDigest(name, digest);
  } catch (error) {
    const remedy = `Check \`docker push ${name}\`; for a login run \`docker login ${server(registry)}\`.`;
    throw imageFailure("push the image", engine, name, excerpt(describe(error), 1000), remedy);
  }
}

/** Pulls what the registry has under the tag; false when it has nothing there. */
export async function pullIfThere(
  engine: HostAccess,
  tag: string,
  registry: string,
  say: Say,
): Promise<boolean> {
  const name = registryName(registry, tag);
  try {
    await pull(engine, name, say);
  } catch (error) {
    if (ABSENT.test(describe(error))) return false;
    throw pullFailure(engine, name, registry, error);
  }
  await tagImage(engine, name, tag);
  return true;
}

/** Pulls an image by digest to an engine, and gives it its tag there. */
export async function pullByDigest(
  host: HostAccess,
  pinned: string,
  tag: string,
  say: Say,
): Promise<void> {
  const begin = Date.now();
  say(`host ${host.name} pulls ${pinned}`);
  try {
    await pull(host, pinned, say);
  } catch (error) {
    throw pullFailure(host, pinned, pinned, error);
  }
  const seen = await findImage(host, pinned);
  if (seen !== undefined) await checkArchitecture(host, { [tag]: seen });
  await tagImage(host, pinned, tag);
  say(`host ${host.name} has ${tag} after ${Math.round((Date.now() - begin) / 1000)} s`);
}

function pull(engine: HostAccess, name: string, say: Say): Promise<string> {
  return withEngineSocket(engine, (dockerHost) =>
    dockerCli(dockerHost, ["pull", name], shown(`host ${engine.name}`, say)),
  );
}

function pullFailure(engine: HostAccess, name: string, registry: string, error: unknown): Error {
  return imageFailure(
    "pull the image",
    engine,
    name,
    excerpt(describe(error), 1000),
    `Check that this host reaches ${server(registry)} and trusts its certificate; for a login run \`docker login ${server(registry)}\` where you run \`up\`.`,
  );
}

/** Host and port of a registry. */
function server(registry: string): string {
  return registry.split("/")[0] ?? registry;
}

function byDigest(name: string, digest: string): string {
  return `${name.slice(0, name.lastIndexOf(":"))}@${digest}`;
}

function shown(prefix: string, say: Say): (line: string) => void {
  return (line) => {
    if (WORTH_SHOWING.test(line)) say(`${prefix}: ${line}`);
  };
}
