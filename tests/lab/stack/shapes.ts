/** The cluster in other shapes than the base one. */
import type { Tree } from "../../harness/stackFile";
import { stackFile } from "./checkout";
import { refreshOutputs } from "./cluster";
import { pulumi, tryUp, up } from "./commands";
import { hostEntries } from "./config";
import { lab } from "./identity";

/** Sees that the lab has so many hosts at least; those that are there already stay as they are. */
export async function atLeast(count: number): Promise<void> {
  await lab.up(Math.max(count, lab.hosts.length));
}

/** A patch that replaces every member: another size of shared memory. */
export function rollOfMembers(): Tree {
  const { shmSizeMiB } = stackFile.read().resources as { shmSizeMiB: number };
  return { resources: { shmSizeMiB: shmSizeMiB === 128 ? 160 : 128 } };
}

/** An entry of the stack file for a host of the lab. */
export function entryOf(name: string, runs: readonly string[], more: Tree = {}): Tree {
  const found = hostEntries(lab.hosts.length).find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`the lab has no host ${name}`);
  return { ...found, runs: [...runs], ...more };
}

/**
 * `up` with a host less. Its data is protected: where Pulumi stops and names the commands that lift
 * it, a person who means it runs those, and `up` again.
 */
export async function upWithout(patch: Tree): Promise<void> {
  const ended = await tryUp(patch);
  const text = `${ended.stdout}${ended.stderr}`;
  const urns = [...text.matchAll(/state unprotect '?"?(urn:pulumi:[^'"\s]+)/g)].map(
    ([, urn]) => urn,
  );
  for (const urn of new Set(urns)) await pulumi(["state", "unprotect", "--yes", urn ?? ""]);
  if (urns.length > 0) await up();
  else if (ended.code !== 0) throw new Error(`up ended with ${ended.code}:\n${text.slice(-6000)}`);
  await refreshOutputs();
}
