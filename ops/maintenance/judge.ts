/** Whether a host may go out for maintenance, and what people should know before; pure. */
import type { ServerHealth } from "../../control/consul";
import { isStreaming } from "../../control/leadership";
import { type ClusterView, leaderOf } from "../../control/patroni";
import { MAXIMUM_LAG_BYTES } from "../../model/render/dynamicConfig";
import type { StackOutputs } from "../stack/outputs";

/** What was found before a host goes out. */
export interface Situation {
  readonly host: string;
  readonly operations: Pick<
    StackOutputs["operations"],
    "members" | "consul" | "haproxies" | "poolers" | "repository"
  >;
  readonly view: ClusterView;
  /** Consul's servers as autopilot sees them. */
  readonly servers: readonly ServerHealth[];
}

/** One sentence for each reason why the rest would not stay whole; empty: it may go. */
export function maintenanceProblems(found: Situation): string[] {
  return [...memberProblems(found), ...consulProblems(found)];
}

function memberProblems({ host, operations, view }: Situation): string[] {
  if (!operations.members.some((member) => member.host.name === host)) return [];
  if (view.pause === true) {
    return ["Patroni is paused, so that nobody could take over: first ops -- resume"];
  }
  const leader = leaderOf(view)?.name;
  if (leader === undefined) return ["there is no leader"];
  const elsewhere = operations.members.filter((member) => member.host.name !== host);
  const streaming = elsewhere.filter(({ name }) =>
    view.members.some(
      (seen) => seen.name === name && name !== leader && isStreaming(seen, MAXIMUM_LAG_BYTES),
    ),
  );
  // A leader that goes needs one of them to take over, and that one needs another.
  const needed = elsewhere.some(({ name }) => name === leader) ? 1 : 2;
  if (streaming.length >= needed) return [];
  const have = streaming.map(({ name }) => name).join(", ") || "none";
  return [
    `without it no replica would be left to hold each commit and to take over: ${needed} must stream on other hosts, and there is ${have}`,
  ];
}

function consulProblems({ host, operations, servers }: Situation): string[] {
  const { consul } = operations;
  const here = consul.filter((server) => server.host.name === host);
  if (here.length === 0) return [];
  const names = new Set(here.map(({ container }) => container));
  const left = servers.filter(({ name, healthy }) => healthy && !names.has(name));
  const majority = Math.floor(consul.length / 2) + 1;
  if (left.length >= majority) return [];
  return [
    `without it Consul has no quorum: ${majority} of ${consul.length} servers must be healthy on other hosts, and ${left.length} are`,
  ];
}

/** One sentence for each thing that clients and backups lose meanwhile. */
export function maintenanceWarnings({ host, operations }: Situation): string[] {
  const { haproxies, poolers, repository } = operations;
  const here = (one: { readonly host: { readonly name: string } }): boolean =>
    one.host.name === host;
  const warnings: string[] = [];
  if (haproxies.some(here) && haproxies.every(here)) {
    warnings.push("it has the only HAProxy: endpoints and pools of all hosts are out meanwhile");
  }
  for (const target of ["primary", "replicas"] as const) {
    const pools = poolers.filter((pooler) => pooler.target === target);
    if (pools.some(here) && pools.every(here)) {
      warnings.push(`it has the only pool of the ${target} endpoint`);
    }
  }
  const proxied = new Set(haproxies.map((haproxy) => haproxy.host.name));
  const guests = poolers.filter((pooler) => !here(pooler) && !proxied.has(pooler.host.name));
  if (haproxies.some(here) && guests.length > 0) {
    const names = guests.map(({ container }) => container).join(", ");
    warnings.push(`pools without an HAProxy on their own host may go through this one: ${names}`);
  }
  if (repository !== null && here(repository)) {
    warnings.push("no backup runs meanwhile, one that runs now is cut off; members keep their WAL");
  }
  return warnings;
}
