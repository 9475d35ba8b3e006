import { createWriteStream, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { inflateRawSync } from "node:zlib";
import { capture, onPath } from "./process";
import { reason } from "./progress";
import { sha256 } from "./stamp";

const probes = new Map<string, Promise<boolean>>();

/** True when a site answers at all within 3 s; asked once per site and run. */
export function reachable(url: string): Promise<boolean> {
  const origin = new URL(url).origin;
  const known = probes.get(origin);
  if (known) return known;
  const asked = probe(origin);
  probes.set(origin, asked);
  return asked;
}

// Node's own fetch knows nothing of proxies, curl does.
function proxied(): boolean {
  const set = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"].some(
    (name) => process.env[name],
  );
  return set && onPath("curl") !== undefined;
}

async function probe(origin: string): Promise<boolean> {
  if (proxied()) {
    return (
      (await capture("curl", ["-sS", "-o", "/dev/null", "--max-time", "3", "-I", origin])).code ===
      0
    );
  }
  try {
    await fetch(origin, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(3000) });
    return true;
  } catch {
    // Any failure is the answer "not reachable from here"; the caller has another way.
    return false;
  }
}

/** Downloads to a file, within half an hour. */
export async function download(url: string, file: string): Promise<void> {
  try {
    if (proxied()) {
      const { code, stderr } = await capture("curl", [
        "-fsSL",
        "--max-time",
        "1800",
        "-o",
        file,
        url,
      ]);
      if (code !== 0) throw new Error(stderr.trim());
      return;
    }
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_800_000) });
    if (!answer.ok || !answer.body) throw new Error(`the server answered ${answer.status}`);
    await pipeline(Readable.fromWeb(answer.body), createWriteStream(file));
  } catch (error) {
    throw new Error(`Downloading ${url} failed: ${reason(error)}`, { cause: error });
  }
}

/**
 * Compares a downloaded file with its line in a list of checksums ("<hex>  <name>").
 *
 * @throws when the list lacks the file or the sums differ.
 */
export async function verifySum(file: string, name: string, list: string): Promise<void> {
  const wanted = list
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find((fields) => fields[1]?.replace(/^\*/, "") === name)?.[0];
  if (!wanted) throw new Error(`The list of checksums does not name ${name}.`);
  const found = await sha256(file);
  if (found !== wanted)
    throw new Error(
      `${name} has SHA-256 ${found}, published is ${wanted}: not the file that was released.`,
    );
}

/** Takes one file out of a zip archive; small machines have no unzip. */
export function fromZip(archive: string, name: string): Buffer {
  const zip = readFileSync(archive);
  const end = zip.lastIndexOf(Buffer.from("504b0506", "hex"));
  if (end < 0) throw new Error(`${archive} is not a zip archive.`);
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = zip.readUInt16LE(at + 28);
    const size = zip.readUInt32LE(at + 20);
    if (zip.toString("utf8", at + 46, at + 46 + nameLength) === name) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const packed = zip.subarray(start, start + size);
      return zip.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed);
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`${archive} holds no file ${name}.`);
}
