/** Every needed port between the hosts, tried by short-lived containers before it is needed. */
import type { ContainerAccess } from "../../model/access";
import type { ReachabilityInputs, ReachableHost } from "../../model/hostResources";
import { describe, finding } from "../errors";
import { removeTask } from "../task";
import { judgeDials, failedDials, targetsOf, type Answer, type Served, type Target } from "./dials";
import { dialAll, listenerOf, servedPorts, startListener } from "./listener";
import { preflightError, type Problem } from "./problem";

/** How long one dial is tried again; the containers that dial live for a minute. */
const AGAIN_MS = 15_000;

/**
 * Tries all ports between all hosts; throws one error with everything that is out of reach. The
 * containers are removed whatever happens, and end by themselves should this process be killed.
 */
export async function tryReachability(inputs: ReachabilityInputs): Promise<void> {
  const { cluster, hosts } = inputs;
  const problems: Problem[] = [];
  try {
    const served = await startAll(inputs, problems);
    await dialFromAll(cluster, hosts, served, problems);
  } finally {
    await Promise.all(hosts.map((host) => clear(cluster, host, problems)));
  }
  const error = preflightError("reach the hosts from each other", hosts.length, problems);
  if (error !== undefined) throw error;
}

/** Ports that are served already, of the hosts that now listen on the others. */
async function startAll(
  { cluster, hosts, images }: ReachabilityInputs,
  problems: Problem[],
): Promise<Map<string, Served>> {
  const served = new Map<string, Served>();
  const start = async (host: ReachableHost): Promise<void> => {
    const { name } = host.access;
    const image = images[name];
    if (image === undefined) throw new Error(`reachability: no image for host ${name}`);
    try {
      const ports = await servedPorts(host);
      await startListener(listenerOf(cluster, host), image, host, ports);
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
  hosts: readonly ReachableHost[],
  served: ReadonlyMap<string, Served>,
  problems: Problem[],
): Promise<void> {
  const dial = async (host: ReachableHost): Promise<void> => {
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

async function clear(cluster: string, host: ReachableHost, problems: Problem[]): Promise<void> {
  try {
    await removeTask(listenerOf(cluster, host));
  } catch (error) {
    problems.push(problemOf(host.access.name, "the container for the try stays there", error));
  }
}

function problemOf(host: string, what: string, error: unknown): Problem {
  const found = `${what}: ${finding(error) || describe(error)}`;
  const remedy = "Look at the engine of this host.";
  return { host, found, needed: "a container that tries the ports", remedy };
}
