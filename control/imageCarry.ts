/** Images carried from one engine to another: one stream, no file in between. */
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type Docker from "dockerode";
import type { HostAccess } from "../model/access";
import { Slots } from "./batches";
import { dockerClient } from "./docker";
import {
  checkArchitecture,
  engineFailure,
  findImage,
  imageFailure,
  sameImage,
  type ImageSeen,
} from "./images";

/** Takes a line that tells a person how far something is. */
export type Say = (line: string) => void;

/** Seconds between two lines about the same stream. */
const EVERY_SECONDS = 10;

/**
 * Hosts that are sent to at once. The operator's line and its processors, for ssh and for packing,
 * are shared by all, so more of them only end later together; two, so that one sends while the
 * other is held up. A host that unpacks what it has got is not counted.
 */
const feeds = new Slots(2);

/**
 * Carries images, by tag, to an engine that lacks them, and compares them there. Layers that they
 * share go once. Docker takes an image in as a whole: after a cut there is none under the tag.
 */
export async function carryImages(
  source: HostAccess,
  host: HostAccess,
  tags: readonly string[],
  say: Say,
): Promise<void> {
  const wanted: Record<string, ImageSeen> = {};
  for (const tag of tags) wanted[tag] = await present(source, tag);
  await checkArchitecture(host, wanted);
  const bytes = await sizeTogether(source, tags);
  const release = await feeds.take();
  const what = `${tags.length} ${tags.length === 1 ? "image" : "images"} (${megabytes(bytes)})`;
  const begin = Date.now();
  say(`carrying ${what} to host ${host.name}`);
  const meter = new Meter();
  const timer = setInterval(() => {
    say(`host ${host.name}: ${Math.min(99, Math.round((meter.sent / bytes) * 100))} % of ${what}`);
  }, EVERY_SECONDS * 1000);
  try {
    await feed(source, host, tags, meter, () => {
      release();
      clearInterval(timer);
      say(`host ${host.name}: all sent after ${since(begin)}, the host unpacks it`);
    });
  } finally {
    clearInterval(timer);
    release();
  }
  await Promise.all(tags.map((tag) => compare(source, host, tag, wanted[tag])));
  say(`host ${host.name} has ${what} after ${since(begin)}`);
}

async function present(source: HostAccess, tag: string): Promise<ImageSeen> {
  const seen = await findImage(source, tag);
  if (seen !== undefined) return seen;
  const found = "it is not there any more";
  throw imageFailure("carry the image", source, tag, found, "Run `up` again: it makes it anew.");
}

/** Bytes of the layers, each counted once, without what packing adds. */
async function sizeTogether(source: HostAccess, tags: readonly string[]): Promise<number> {
  const steps = new Map<string, number>();
  for (const tag of tags) {
    const history = (await dockerClient(source).getImage(tag).history()) as readonly Step[];
    for (const { Created, CreatedBy, Size } of history) {
      steps.set(JSON.stringify([Created, CreatedBy, Size]), Size);
    }
  }
  return [...steps.values()].reduce((sum, size) => sum + size, 0);
}

interface Step {
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Size: number;
}

function since(begin: number): string {
  return `${Math.round((Date.now() - begin) / 1000)} s`;
}

function megabytes(bytes: number): string {
  return `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}

/** Counts the bytes that go through. */
class Meter extends Transform {
  sent = 0;

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: null, data: Buffer) => void,
  ): void {
    this.sent += chunk.length;
    done(null, chunk);
  }
}

/** Sends, and waits until the host has taken all in; `sent` is called when the last byte has left. */
async function feed(
  source: HostAccess,
  host: HostAccess,
  tags: readonly string[],
  meter: Meter,
  sent: () => void,
): Promise<void> {
  const names = tags.join(", ");
  const from = await open(source, tags);
  try {
    const packed = pipeline(from, meter)
      .then(sent)
      .catch((error: unknown) => {
        throw engineFailure("pack the images", source, names, error);
      });
    await Promise.all([packed, load(dockerClient(host), host, names, meter)]);
  } finally {
    from.destroy();
  }
}

/** What the client can do, and its type definitions leave out. */
type PackingEngine = Docker & {
  getImages(options: { names: readonly string[] }): Promise<Readable>;
};

async function open(source: HostAccess, tags: readonly string[]): Promise<Readable> {
  try {
    return await (dockerClient(source) as PackingEngine).getImages({ names: tags });
  } catch (error) {
    throw engineFailure("pack the images", source, tags.join(", "), error);
  }
}

/** The engine says in the body of a good answer what went wrong. */
async function load(
  engine: Docker,
  host: HostAccess,
  names: string,
  meter: Readable,
): Promise<void> {
  try {
    const answer = await engine.loadImage(meter, { quiet: true });
    const lines = await new Promise<{ error?: string }[]>((resolve, reject) => {
      const end = (error: Error | null, output: { error?: string }[]): void =>
        error === null ? resolve(output) : reject(error);
      engine.modem.followProgress(answer, end);
    });
    const wrong = lines.find(({ error }) => error !== undefined)?.error;
    if (wrong !== undefined) throw new Error(wrong);
  } catch (error) {
    throw engineFailure("load the images", host, names, error);
  }
}

async function compare(
  source: HostAccess,
  host: HostAccess,
  tag: string,
  wanted: ImageSeen | undefined,
): Promise<void> {
  const got = await findImage(host, tag);
  if (got !== undefined && wanted !== undefined && sameImage(got, wanted)) return;
  throw imageFailure(
    "carry the image",
    host,
    tag,
    `it is ${wanted?.id ?? "nothing"} on host ${source.name}, and ${got?.id ?? "nothing"} came to be here`,
    "Somebody else may have changed the tag at that moment: run `up` again.",
  );
}
