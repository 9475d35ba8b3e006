/** Hosts that are reached in another way than recorded: found, and written into the record; pure. */
import type { HostAccess } from "../../model/access";
import { dockerProviderAccess, pinningOption } from "../../model/dockerProvider";
import { accessesIn, hostIn, mapAccess } from "../../model/accessesIn";
import {
  type Deployment,
  DOCKER_PROVIDER,
  isOwn,
  nameOf,
  type Resource,
  without,
} from "./deployment";

/** These look at hosts, and look again when a host changed: what they looked at stays recorded. */
const LOOK_AGAIN = ["pgha:index:Preflight", "pgha:index:Reachability"];
const CLAIM = "pgha:index:VolumeClaim";

/** A host that the stack file reaches in another way than the record. */
export interface Move {
  readonly was: HostAccess;
  readonly now: HostAccess;
}

type Bag = Record<string, unknown>;

/** Every host that something is recorded for, as it was reached last; each once. */
export function recordedHosts({ resources = [] }: Deployment): HostAccess[] {
  const all = resources.filter(holdsAccess).flatMap(({ inputs }) => accessesIn(inputs));
  return [...new Map(all.map((access) => [access.name, access])).values()];
}

/** The hosts whose engine or host key is another one in the record; new hosts are none of them. */
export function movedHosts(
  { resources = [] }: Deployment,
  cluster: string,
  hosts: readonly HostAccess[],
): Move[] {
  const recorded = resources.filter(holdsAccess).flatMap((one) => accessesIn(bagsOf(one)));
  return hosts.flatMap((now) => {
    const provider = resources.find((one) => isProviderOf(one, cluster, now));
    const other = recorded.find((access) => access.name === now.name && !same(access, now));
    const was = other ?? (provider && leadsElsewhere(provider, now));
    return was === undefined ? [] : [{ was, now }];
  });
}

/**
 * The record with the new ways to these hosts in every place of the old. The claims of their data
 * volumes leave it: on another machine it has to be asked anew whose a volume is. Nothing else does.
 */
export function moveHosts(
  deployment: Deployment,
  cluster: string,
  moves: readonly Move[],
): Deployment {
  if (moves.length === 0) return deployment;
  const ways = moves.map(({ now }) => now);
  const names = ways.map(({ name }) => name);
  const isClaim = ({ type, inputs }: Resource): boolean =>
    type === CLAIM && names.includes(hostIn(inputs?.host) ?? "");
  const left = without(deployment, isClaim);
  return { ...left, resources: left.resources?.map((one) => moved(one, cluster, ways)) };
}

function moved(resource: Resource, cluster: string, ways: readonly HostAccess[]): Resource {
  const provider = ways.find((now) => isProviderOf(resource, cluster, now));
  if (provider) return changed(resource, (bag) => providerBag(bag, provider));
  if (!holdsAccess(resource)) return resource;
  const wayTo = (access: HostAccess): HostAccess => {
    const now = ways.find(({ name }) => name === access.name);
    return now ? plain(now) : access;
  };
  return changed(resource, (bag) => mapAccess(bag, wayTo) as Bag);
}

function changed(resource: Resource, change: (bag: Bag) => Bag): Resource {
  const { inputs, outputs } = resource;
  return {
    ...resource,
    ...(inputs && { inputs: change(inputs) }),
    ...(outputs && { outputs: change(outputs) }),
  };
}

function holdsAccess(resource: Resource): boolean {
  return isOwn(resource) && !LOOK_AGAIN.includes(resource.type);
}

function bagsOf({ inputs, outputs }: Resource): unknown[] {
  return [inputs, outputs];
}

function isProviderOf(resource: Resource, cluster: string, { name }: HostAccess): boolean {
  return resource.type === DOCKER_PROVIDER && nameOf(resource) === `${cluster}-${name}`;
}

/** Where a provider leads when not to this host as it is now; its key is not read back. */
function leadsElsewhere({ inputs }: Resource, now: HostAccess): HostAccess | undefined {
  const { host, sshOpts } = inputs ?? {};
  const pinned = now.hostKey === undefined || String(sshOpts).includes(pinningOption(now.hostKey));
  if (typeof host !== "string" || (host === now.docker && pinned)) return undefined;
  return { name: now.name, docker: host };
}

/** The SDK gives a provider its lists as JSON. */
function providerBag({ sshOpts: _, ...bag }: Bag, access: HostAccess): Bag {
  const { host, sshOpts } = dockerProviderAccess(access);
  return { ...bag, host, ...(sshOpts && { sshOpts: JSON.stringify(sshOpts) }) };
}

function plain({ name, docker, hostKey }: HostAccess): HostAccess {
  return { name, docker, ...(hostKey === undefined ? {} : { hostKey }) };
}

function same(left: HostAccess, right: HostAccess): boolean {
  return left.docker === right.docker && left.hostKey === right.hostKey;
}
