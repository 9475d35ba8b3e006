/** What stands between clients and members, and how it is kept from sending them into a stop. */
import type { ContainerAccess, PoolerAccess } from "../model/access";
import { describe } from "./errors";
import { execDetached } from "./exec";
import { serverStatus, setServer } from "./haproxy";
import { leads, type ClusterView } from "./patroni";
import { preparePause, type PausedPools, type ReadyPools } from "./poolPause";
import { presence } from "./presence";
import { NotYet, until } from "./until";

/** Endpoints and pools of a cluster, on all hosts. */
export interface Front {
  readonly haproxies: readonly ContainerAccess[];
  readonly poolers: readonly PoolerAccess[];
}

/** A move of leadership takes 2 to 3 s; beyond this the pools go on by themselves. */
const PAUSE_SECONDS = 15;
/** Transactions that run longer are cut off by the move itself: waiting would stall all others. */
const WAIT_SECONDS = 3;
/** A stop begins right after its drain: after this the server takes connections again, if it is up. */
const DRAIN_SECONDS = 60;

const NOTHING: PausedPools = { resume: () => Promise.resolve() };

/** Those of the containers that run: a stopped one sends nobody anywhere. */
export async function running<T extends ContainerAccess>(
  containers: readonly T[],
): Promise<readonly T[]> {
  return (await presence(containers)).running;
}

/**
 * Pools that are ready to be paused. Where one cannot be, or a transaction runs too long, there is no
 * pause, which `note` is told: it would hold up all others and be cut off nevertheless.
 */
async function ready(
  wanted: readonly PoolerAccess[],
  note: (text: string) => void,
): Promise<ReadyPools> {
  const poolers = await running(wanted);
  const without = (error: unknown): void =>
    note(`going on without a pause of the pools: ${describe(error)}`);
  const limits = { seconds: PAUSE_SECONDS, waitSeconds: WAIT_SECONDS };
  try {
    const pools = await preparePause(poolers, limits);
    const pause = (): Promise<PausedPools> =>
      pools.pause().catch((error: unknown) => {
        without(error);
        return NOTHING;
      });
    return { ...pools, pause };
  } catch (error) {
    without(error);
    return { pause: () => Promise.resolve(NOTHING), end: () => undefined };
  }
}

/** All pools, ready to be paused. */
export function allPoolsReady(front: Front, note: (text: string) => void): Promise<ReadyPools> {
  return ready(front.poolers, note);
}

/** Has every other replica take readers, also those that came back from a drain of their own. */
export async function serveReaders(front: Front, but: string, view: ClusterView): Promise<void> {
  const replicas = view.members
    .filter((one) => one.name !== but && !leads(one) && one.state === "streaming")
    .map((one) => one.name);
  if (replicas.length === 0) return;
  const haproxies = await running(front.haproxies);
  await Promise.all(haproxies.map((haproxy) => serveAt(haproxy, replicas)));
}

async function serveAt(haproxy: ContainerAccess, candidates: readonly string[]): Promise<void> {
  const replicas: string[] = [];
  for (const name of candidates)
    if (await setServer(haproxy, `replicas/${name}`, "state ready")) replicas.push(name);
  if (replicas.length === 0) return;
  const what = `a replica that ${haproxy.container} sends readers to`;
  await until(what, { timeoutMs: 20_000 }, async () => {
    const seen = await serverStatus(haproxy, "replicas");
    if (replicas.some((replica) => seen.get(replica)?.startsWith("UP") === true)) return;
    throw new NotYet([...seen].map(([name, status]) => `${name} ${status}`).join(", "));
  });
}

/**
 * Takes a replica out of the way of readers: no new connection goes there, and the pools give those
 * they have back between two transactions.
 */
export async function drainReplica(
  front: Front,
  member: string,
  view: ClusterView,
  note: (text: string) => void,
): Promise<void> {
  await serveReaders(front, member, view);
  const haproxies = await running(front.haproxies);
  await Promise.all(haproxies.map((haproxy) => drainAt(haproxy, member)));
  await releaseReaders(front, note);
}

/** Has the pools of readers give back the connections that they have, between two transactions. */
export async function releaseReaders(front: Front, note: (text: string) => void): Promise<void> {
  const readers = front.poolers.filter((one) => one.target === "replicas");
  const paused = await (await ready(readers, note)).pause();
  await paused.resume();
}

async function drainAt(haproxy: ContainerAccess, member: string): Promise<void> {
  if (!(await setServer(haproxy, `replicas/${member}`, "state drain"))) return;
  await execDetached(haproxy, ["ready-later", `replicas/${member}`, String(DRAIN_SECONDS)]);
}
