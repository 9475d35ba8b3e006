import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { place } from "../control/docker";
import { engineAnswers, removeContainer } from "../control/engine";
import { describe } from "../control/errors";
import type { ContainerAccess } from "../model/access";
import { recordedAccess } from "../model/dockerProvider";
import { ANSWER_MS } from "./absentHosts";
import { state } from "./paths";
import { say } from "./progress";
import { type Deployment, nameOf } from "./record/deployment";
import { readRecord } from "./record/store";
import { projectBackend } from "./state";

/** Longest wait for the stop of a container, in seconds: PostgreSQL may be in it. */
const STOP_SECONDS = 60;

/** A lock of the project's own backend, as the CLI writes it. */
interface Lock {
  pid?: number;
  hostname?: string;
}

/**
 * Clears the way after an `up` that was killed: the lock of a process of this machine that is no
 * more, and containers that were made but not written down, whose names would stand in the way.
 * Their data is in volumes. Only for the project's own backend: elsewhere the state is not ours.
 *
 * @param before Called with the containers that will be removed, before the first one is.
 * @returns what was done, a sentence each; it was said as well.
 */
export async function recover(
  project: string,
  stack: string,
  before: (containers: readonly ContainerAccess[]) => Promise<void> | void = () => undefined,
): Promise<string[]> {
  if (!projectBackend()) return [];
  const done = releaseDeadLocks(lockFolder(project, stack));
  const record = await readRecord(stack);
  const found = halfMade(record?.deployment ?? {});
  if (found.length > 0) await before(found);
  for (const container of found) done.push(...(await removeHalfMade(container)));
  return done;
}

/** Commands that hold the stack's lock now: processes of this machine, and any of another one. */
export function atWork(project: string, stack: string): string[] {
  if (!projectBackend()) return [];
  return locksIn(lockFolder(project, stack))
    .filter(({ lock }) => !isDead(lock))
    .map(({ lock }) => `process ${lock.pid ?? "?"} on ${lock.hostname ?? "?"}`);
}

function lockFolder(project: string, stack: string): string {
  return state("backend", ".pulumi", "locks", "organization", project, stack);
}

/**
 * Containers that may be there without a record: a creation never ended, or the one that was recorded
 * is deleted and its replacement is not written down.
 */
export function halfMade({
  resources = [],
  pending_operations: pending = [],
}: Deployment): ContainerAccess[] {
  const made = resources.filter(({ id, pendingReplacement }) => id && !pendingReplacement);
  const known = new Set(made.map(({ urn }) => urn));
  const creating = pending
    .filter(({ type, resource }) => type === "creating" && !known.has(resource.urn))
    .map(({ resource }) => resource);
  const awaited = [
    ...creating,
    ...resources.filter((one) => one.pendingReplacement && !known.has(one.urn)),
  ];
  const unique = [...new Map(awaited.map((one) => [one.urn, one])).values()];
  return unique.flatMap(({ type, provider, inputs }) => {
    if (type !== "docker:index/container:Container") return [];
    const owner = resources.find((one) => provider?.startsWith(`${one.urn}::`));
    const host = owner && recordedAccess(nameOf(owner), owner.inputs ?? {});
    const container = inputs?.name;
    return host && typeof container === "string" ? [{ host, container }] : [];
  });
}

function locksIn(folder: string): { path: string; lock: Lock }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(folder, name))
    .map((path) => ({ path, lock: JSON.parse(readFileSync(path, "utf8")) as Lock }));
}

function isDead(lock: Lock): boolean {
  return lock.hostname === hostname() && lock.pid !== undefined && !alive(lock.pid);
}

function releaseDeadLocks(folder: string): string[] {
  return locksIn(folder)
    .filter(({ lock }) => isDead(lock))
    .map(({ path, lock }) => {
      rmSync(path, { force: true });
      rmSync(`${path}.attrs`, { force: true });
      return told(
        `The lock of an earlier command that was killed (process ${lock.pid}) is released.`,
      );
    });
}

function told(sentence: string): string {
  say(sentence);
  return sentence;
}

/** Whether a process runs; one that belongs to somebody else does, one that nobody has reaped does not. */
function alive(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  try {
    process.kill(pid, 0);
    return !(existsSync(stat) && /\) [ZX] /.test(readFileSync(stat, "utf8")));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** One on a host that does not answer stays: the host may be out for good, and `up` tells of it. */
async function removeHalfMade(access: ContainerAccess): Promise<string[]> {
  try {
    await engineAnswers(access.host, ANSWER_MS);
  } catch (error) {
    return [told(`Whether ${place(access)} was made half is not known: ${describe(error)}`)];
  }
  if (!(await removeContainer(access, STOP_SECONDS))) return [];
  return [
    told(
      `${place(access)} was made by an \`up\` that was killed before it was written down: it is made anew.`,
    ),
  ];
}
