/** Every needed port between the hosts, tried by short-lived containers before it is needed. */
import type { ContainerAccess } from "../../model/access";
import type { TriedHost } from "../../model/hostResources";
import type { ImageInputs } from "../../model/resources";
import { describe, finding } from "../errors";
import { removeTask } from "../task";
import { judgeDials, failedDials, targetsOf, type Answer, type Served, type Target } from "./dials";
import { dialAll, listenerOf, servedPorts, startListener } from "./listener";
import type { Problem } from "./problem";
import { networkOf, removeOwnNetwork } from "./tryNetwork";

/** How long one dial is tried again; the containers that dial live for a minute. */
const AGAIN_MS = 15_000;

/** Puts an image on its host. */
export type Provide = (image: ImageInputs) => Promise<unknown>;

/** What is tried. */
export interface Tries {
  readonly cluster: string;
  readonly hosts: readonly TriedHost[];
  /** Host -> the image of its container. */
  readonly probes: Readonly<Record<string, ImageInputs>>;
  /** Host -> ports (`5432/tcp`) that somebody else holds. */
  readonly held: ReadonlyMap<string, readonly string[]>;
}

/**
 * Tries all ports between all hosts; gives everything that is out of reach. Containers and networks
 * are removed whatever happens; should this process be killed, the containers end by themselves, and
 * the next try removes the networks.
 */
export async function tryPorts(tries: Tries, provide: Provide): Promise<Problem[]> {
  const { cluster, hosts } = tries;
  const problems: Problem[] = [];
  if (hosts.length < 2) return problems;
  try {
    const served = await startAll(tries, provide, problems);
    await dialFromAll(cluster, hosts, served, problems);
  } finally {
    await Promise.all(hosts.map((host) => clear(cluster, host, problems)));
  }
  return problems;
}

/** Ports that are served already, of the hosts that now listen on the others. */
async function startAll(
  { cluster, hosts, probes, held }: Tries,
  provide: Provide,
  problems: Problem[],
): Promise<Map<string, Served>> {
  const served = new Map<string, Served>();
  const start = async (host: TriedHost): Promise<void> => {
    const { name } = host.access;
    const probe = probes[name];
    if (probe === undefined) throw new Error(`reachability: no image for host ${name}`);
    try {
      await provide(probe);
      const ports = await servedPorts(host);
      for (const port of held.get(name) ?? []) ports.set(port, "held");
      const listener = listenerOf(cluster, host);
      await removeTask(listener); // a network that one left behind is in cannot be removed
      const network = await networkOf(cluster, host);
      await startListener(listener, { image: probe.tag, network }, host, ports);
      served.set(name, ports);
    } catch (error) {
      problems.push(problemOf(name, "its ports cannot be listened on", error));
    }
  };
  await Promise.all(hosts.map(start));
  return served;
}

async function dialFromAll(
  cluster: string,
  hosts: readonly TriedHost[],
  served: ReadonlyMap<string, Served>,
  problems: Problem[],
): Promise<void> {
  const dial = async (host: TriedHost): Promise<void> => {
    const { name } = host.access;
    const targets = targetsOf(host, hosts, served);
    try {
      const answers = await dialPatiently(listenerOf(cluster, host), targets);
      problems.push(...judgeDials(name, targets, answers));
    } catch (error) {
      problems.push(problemOf(name, "the other hosts cannot be tried from it", error));
    }
  };
  await Promise.all(hosts.filter((host) => served.has(host.access.name)).map(dial));
}

/**
 * Dials what failed again for a while: HAProxies that run ask each port of a member's Patroni many
 * times a second, whoever listens there now, and a busy machine drops some of it.
 */
async function dialPatiently(
  access: ContainerAccess,
  targets: readonly Target[],
): Promise<Map<string, Answer>> {
  const end = Date.now() + AGAIN_MS;
  const answers = await dialAll(access, targets);
  for (;;) {
    const failed = failedDials(targets, answers);
    if (failed.length === 0 || Date.now() > end) return answers;
    for (const [key, answer] of await dialAll(access, failed)) answers.set(key, answer);
  }
}

async function clear(cluster: string, host: TriedHost, problems: Problem[]): Promise<void> {
  try {
    await removeTask(listenerOf(cluster, host));
    await removeOwnNetwork(cluster, host);
  } catch (error) {
    problems.push(problemOf(host.access.name, "what was made for the try stays there", error));
  }
}

function problemOf(host: string, what: string, error: unknown): Problem {
  const found = `${what}: ${finding(error) || describe(error)}`;
  const remedy = "Look at the engine of this host.";
  return { host, found, needed: "a container that tries the ports", remedy };
}
