import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { hostname } from "node:os";
import { isStale } from "./lock";
import { tools } from "./paths";

/** Where a part came from. */
export type Source = "official download" | "built from Go modules" | "found in place";

/** The record of a finished part, written last: what has none is not finished. */
export interface Stamp {
  version: string;
  from: Source;
  /** Of the file, taken when it was verified. */
  sha256: string;
  size: number;
  mtimeMs: number;
  /** Hash of the sources that a build of ours was made from; a change means building again. */
  inputs?: string;
}

/** What a stamp has to agree with. */
export interface Wanted {
  version: string;
  inputs?: string;
}

function stampFile(name: string): string {
  return tools("stamps", `${name}.json`);
}

/** Reads a part's stamp; undefined when there is none or it cannot be read as one. */
export function readStamp(name: string): Stamp | undefined {
  const file = stampFile(name);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Stamp;
  } catch {
    // Stamps appear whole (by rename); one that does not parse is treated as none: verify anew.
    return undefined;
  }
}

/** True when the stamp speaks of this very file and of what is wanted now. */
export function stampHolds(stamp: Stamp | undefined, file: string, wanted: Wanted): boolean {
  if (!stamp || !existsSync(file)) return false;
  const { size, mtimeMs } = statSync(file);
  if (stamp.size !== size || stamp.mtimeMs !== mtimeMs || stamp.version !== wanted.version)
    return false;
  return stamp.from === "official download" || stamp.inputs === wanted.inputs;
}

/** Writes a part's stamp for a verified file. */
export async function writeStamp(
  name: string,
  file: string,
  from: Source,
  wanted: Wanted,
): Promise<void> {
  const { size, mtimeMs } = statSync(file);
  const stamp: Stamp = { ...wanted, from, sha256: await sha256(file), size, mtimeMs };
  writeWhole(stampFile(name), `${JSON.stringify(stamp, null, 2)}\n`);
}

/** Forgets a part's stamp, before the part is replaced. */
function removeStamp(name: string): void {
  rmSync(stampFile(name), { force: true });
}

/** Writes a file beside its place and renames it there, so that no reader ever sees half of it. */
export function writeWhole(file: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  const beside = join(dirname(file), `.${basename(file)}.${process.pid}`);
  writeFileSync(beside, text, { mode, flush: true });
  renameSync(beside, file);
}

/** The SHA-256 of a file, as hex. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** Hash of all files below a folder, by name and content. */
export function hashTree(folder: string): string {
  const hash = createHash("sha256");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  for (const name of names) {
    const path = join(folder, name);
    if (name.endsWith("_test.go") || !statSync(path).isFile()) continue;
    hash.update(`${name}\0`).update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

/** How a part is put in its place. */
export interface Placement {
  name: string;
  /** The file that the part is. */
  target: string;
  wanted: Wanted;
  /** Makes the file in an empty folder and returns its path there and where it came from. */
  make: (folder: string) => Promise<{ file: string; from: Source }>;
  /** Throws unless the file is what it should be. */
  verify: (file: string) => Promise<void>;
}

/**
 * Makes a part in a folder beside, verifies it there, moves it to its place in one step and writes
 * its stamp last. Whatever moment this is interrupted at, the part is either the old one or whole.
 */
export async function place({ name, target, wanted, make, verify }: Placement): Promise<void> {
  const folder = tools(`tmp-${process.pid}-${name}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    const { file, from } = await make(folder);
    await verify(file);
    removeStamp(name);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(file, target);
    await writeStamp(name, target, from, wanted);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes what interrupted runs left beside the parts. */
export function sweep(): void {
  if (!existsSync(tools())) return;
  for (const name of readdirSync(tools())) {
    const pid = /^tmp-(\d+)-/.exec(name)?.[1];
    if (pid && isStale({ pid: Number(pid), host: hostname(), started: "" }))
      rmSync(tools(name), { recursive: true, force: true });
  }
}
