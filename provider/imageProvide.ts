/** How an image gets to its host: it is there, or built there, or carried, or pulled. */
import { Batches, Shared } from "../control/batches";
import { dockerKey } from "../control/dockerKey";
import { describe } from "../control/errors";
import { carryImages } from "../control/imageCarry";
import { pullByDigest, pullIfThere, pushImage } from "../control/imageRegistry";
import { findImage, imageFailure, isLocal, ownEngine, tagImage } from "../control/images";
import type { HostAccess } from "../model/access";
import type { ImageInputs } from "../model/resources";
import { buildImage } from "./imageBuild";
import { say, warn } from "./warn";

/** An image that a host lacks, and an engine that has it. */
interface Parcel {
  readonly tag: string;
  readonly host: HostAccess;
  readonly source: HostAccess;
}

const parcels = new Batches<Parcel>(carry);
const builds = new Shared<void>();
const sources = new Shared<HostAccess>();
const pushes = new Shared<string>();

/**
 * Puts an image under its tag on its host, and gives its id there. `recorded` is the id that it had
 * before somebody put the tag on another image: when that one is still there it gets its tag back.
 */
export async function provideImage(inputs: ImageInputs, recorded?: string): Promise<string> {
  const { host, tag } = inputs;
  await parcels.add(dockerKey(host), async () => {
    if (await isThere(host, tag, recorded)) return undefined;
    if (isLocal(host)) await make(host, inputs);
    else if (inputs.registry !== undefined) {
      await pullByDigest(host, await pushed(inputs, inputs.registry), tag, say);
    } else return { tag, host, source: await findSource(inputs) };
    return undefined;
  });
  const seen = await findImage(host, tag);
  if (seen !== undefined) return seen.id;
  const found = "it was put there, and is gone again";
  throw imageFailure("provide the image", host, tag, found, "Run `up` again.");
}

async function isThere(host: HostAccess, tag: string, recorded?: string): Promise<boolean> {
  const seen = await findImage(host, tag);
  if (recorded === undefined) return seen !== undefined;
  if (seen?.id === recorded) return true;
  if ((await findImage(host, recorded)) === undefined) return false;
  await tagImage(host, recorded, tag);
  return true;
}

/** Images of one host, by the engine that they come from. */
async function carry(batch: readonly Parcel[]): Promise<void> {
  for (const key of new Set(batch.map(({ source }) => dockerKey(source)))) {
    const group = batch.filter(({ source }) => dockerKey(source) === key);
    const [first] = group;
    const tags = [...new Set(group.map(({ tag }) => tag))];
    if (first !== undefined) await carryImages(first.source, first.host, tags, say);
  }
}

/** Makes an image on an engine of this machine; once for all who want it now. */
function make(engine: HostAccess, inputs: ImageInputs): Promise<void> {
  const { tag, registry } = inputs;
  return builds.get(JSON.stringify([dockerKey(engine), tag]), async () => {
    if (registry !== undefined && (await pullIfThere(engine, tag, registry, say))) return;
    await buildImage(engine, inputs);
  });
}

/** The name by digest of an image that is in the registry from now on. */
function pushed(inputs: ImageInputs, registry: string): Promise<string> {
  const { tag } = inputs;
  return pushes.get(tag, async () => {
    const own = ownEngine();
    if ((await findImage(own, tag)) === undefined) await make(own, inputs);
    return pushImage(own, tag, registry, say);
  });
}

/**
 * An engine that has the image: the operator's own, else another host's, since what runs there is
 * better than a second build of it; else it is built on the operator's own.
 */
function findSource(inputs: ImageInputs): Promise<HostAccess> {
  const { tag, others } = inputs;
  return sources.get(tag, async () => {
    const own = await ownWith(tag).catch((error: unknown) => describe(error));
    if (typeof own === "object" && own.has) return own.engine;
    const other = await firstWith(tag, others);
    if (other !== undefined) {
      say(`${tag} is taken from host ${other.name}`);
      return other;
    }
    if (typeof own === "string") throw noEngine(inputs, own);
    await make(own.engine, inputs);
    return own.engine;
  });
}

async function ownWith(tag: string): Promise<{ engine: HostAccess; has: boolean }> {
  const engine = ownEngine();
  return { engine, has: (await findImage(engine, tag)) !== undefined };
}

function noEngine({ host, tag }: ImageInputs, found: string): Error {
  return imageFailure(
    "find the image",
    host,
    tag,
    `no other host has it, and there is no engine here that could build it: ${found}`,
    "Start a Docker engine where you run `up`, or set DOCKER_HOST to its socket.",
  );
}

/** The first host, in their order, that has the image; one that does not answer is passed over. */
async function firstWith(
  tag: string,
  others: readonly HostAccess[],
): Promise<HostAccess | undefined> {
  const having = await Promise.all(
    others.map((other) =>
      findImage(other, tag).catch((error: unknown) => {
        warn(`whether host ${other.name} has ${tag} is not known: ${describe(error)}`);
        return undefined;
      }),
    ),
  );
  return others.find((_, index) => having[index] !== undefined);
}
