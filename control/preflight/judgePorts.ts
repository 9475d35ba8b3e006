/** Which needed ports of a host are somebody else's. */
import type { HostNeeds, PlannedPort } from "../../model/hostResources";
import type { HostFacts } from "./facts";
import type { Problem } from "./problem";
import { overlaps } from "./sockets";

/** Ports that the cluster is going to publish, and that are taken. */
export function judgePorts(cluster: string, needs: HostNeeds, facts: HostFacts): Problem[] {
  return takenPorts(cluster, needs, facts).map(({ port, holder }) => ({
    host: needs.access.name,
    found: `port ${port.port}/${port.protocol} (${port.what}) is taken by ${holder}`,
    needed: `the port, free on ${needs.address}`,
    remedy: "Stop what holds it, or move the port with `ports`.",
  }));
}

/** Needed ports that somebody else holds, and who. */
export function takenPorts(
  cluster: string,
  needs: HostNeeds,
  facts: HostFacts,
): { readonly port: PlannedPort; readonly holder: string }[] {
  return needs.ports.flatMap((port) => {
    const holder = holderOf(cluster, needs, facts, port);
    return holder === undefined ? [] : [{ port, holder }];
  });
}

/** Who holds a port that is not one of the cluster's own containers; undefined when nobody. */
function holderOf(
  cluster: string,
  { address, containers }: HostNeeds,
  { held, sockets }: HostFacts,
  wanted: PlannedPort,
): string | undefined {
  const same = (one: { address: string; port: number; protocol: string }): boolean =>
    one.port === wanted.port && one.protocol === wanted.protocol && overlaps(one.address, address);
  const published = held.filter(same);
  const foreign = published.find(
    ({ container, networks }) => !containers.includes(container) && !networks.includes(cluster),
  );
  if (foreign !== undefined) return `container ${foreign.container}`;
  // The engine's own listener for a published port is in the tables as well.
  if (published.length > 0) return undefined;
  const socket = sockets?.find(same);
  if (socket === undefined) return undefined;
  const options = wanted.protocol === "udp" ? "-Hulnp" : "-Htlnp";
  return `a process of the host, on ${socket.address} (sudo ss ${options} 'sport = :${wanted.port}' names it)`;
}
