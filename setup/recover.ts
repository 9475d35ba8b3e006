import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { state } from "./paths";
import { capture } from "./process";
import { say } from "./progress";
import type { Deployment } from "./record/deployment";
import { readRecord } from "./record/store";
import { projectBackend } from "./state";

/** A lock of the project's own backend, as the CLI writes it. */
interface Lock {
  pid?: number;
  hostname?: string;
}

/** A container that was being made when an `up` was killed, and that no state knows. */
export interface HalfMade {
  /** Docker engine. */
  host: string;
  name: string;
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
  before: (containers: readonly HalfMade[]) => Promise<void> | void = () => undefined,
): Promise<string[]> {
  if (!projectBackend()) return [];
  const done = releaseDeadLocks(lockFolder(project, stack));
  const record = await readRecord(stack);
  const found = halfMade(record?.deployment ?? {});
  if (found.length > 0) await before(found);
  for (const container of found) done.push(...(await removeContainer(container)));
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
}: Deployment): HalfMade[] {
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
    const [host, name] = [owner?.inputs?.host, inputs?.name];
    return typeof host === "string" && typeof name === "string" ? [{ host, name }] : [];
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

async function removeContainer({ host, name }: HalfMade): Promise<string[]> {
  const docker = (...args: string[]) => capture("docker", ["--host", host, ...args]);
  const found = await docker("container", "inspect", "--format", "{{.Id}}", name);
  if (found.code !== 0) return [];
  const done = told(
    `Container ${name} was made by an \`up\` that was killed before it was written down: it is made anew.`,
  );
  await docker("stop", "--time", "60", name);
  const removed = await docker("rm", "--force", name);
  if (removed.code !== 0)
    throw new Error(
      `Removing the half-made container ${name} at ${host} failed: ${removed.stderr.trim()} Remove it by hand (docker rm -f ${name}) and run \`up\` again.`,
    );
  return [done];
}
