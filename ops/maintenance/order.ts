/** In which order the containers of a host stop and start; pure. */
import type { ContainerAccess } from "../../model/access";
import { allContainers, type PartName } from "../stack/containers";
import type { StackOutputs } from "../stack/outputs";

/**
 * First what clients reach, while what it needs still runs: a PgBouncer lets its transactions end.
 * Then the member, which needs its agent to leave in order. The Consul server goes last.
 */
const STOP_ORDER: readonly PartName[] = [
  "pgbouncer",
  "haproxy",
  "postgres",
  "backrest",
  "backup",
  "agent",
  "consul",
];

/** The containers of a host in groups: each group stops at once, when the one before has. */
export function stopOrder(outputs: StackOutputs, host: string): ContainerAccess[][] {
  const all = allContainers(outputs).filter(({ access }) => access.host.name === host);
  return STOP_ORDER.map((part) =>
    all.filter((one) => one.part === part).map(({ access }) => access),
  ).filter((group) => group.length > 0);
}

/** The same for the start: the other way round. */
export function startOrder(outputs: StackOutputs, host: string): ContainerAccess[][] {
  return stopOrder(outputs, host).reverse();
}
