/** The bridge network of a cluster on one host. */
import type { HostAccess } from "../model/access";
import { NETWORK_LABEL } from "../model/labels";
import { dockerClient, dockerStatus } from "./docker";
import { ControlError, UnreachableError, describe } from "./errors";

/** What makes a network the one that is wanted. */
export interface NetworkShape {
  readonly name: string;
  readonly subnet: string;
  readonly gateway: string;
}

/** A network as its engine has it. */
export interface NetworkSeen extends NetworkShape {
  readonly driver: string;
  /** Whether this program made it for a cluster. */
  readonly ours: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Names of the containers in it. */
  readonly containers: readonly string[];
}

/** The network of that name; undefined where there is none. */
export async function findNetwork(
  host: HostAccess,
  name: string,
): Promise<NetworkSeen | undefined> {
  try {
    const seen = await dockerClient(host).getNetwork(name).inspect();
    // The engine also takes the beginning of another network's id for a name.
    if (seen.Name !== name) return undefined;
    const [config] = seen.IPAM?.Config ?? [];
    return {
      name: seen.Name,
      driver: seen.Driver,
      subnet: config?.["Subnet"] ?? "",
      gateway: config?.["Gateway"] ?? "",
      ours: seen.Labels?.[NETWORK_LABEL] === name,
      labels: seen.Labels ?? {},
      containers: Object.values(seen.Containers ?? {}).map((one) => one.Name),
    };
  } catch (error) {
    if (dockerStatus(error) === 404) return undefined;
    throw failure("look for the network", host, name, error);
  }
}

/**
 * Makes the network. Docker refuses one whose addresses another network has.
 *
 * @param label that gets its name, by which it is known again; that of a cluster's network.
 */
export async function makeNetwork(
  host: HostAccess,
  shape: NetworkShape,
  label = NETWORK_LABEL,
): Promise<void> {
  const { name, subnet, gateway } = shape;
  try {
    await dockerClient(host).createNetwork({
      Name: name,
      CheckDuplicate: true,
      Driver: "bridge",
      Labels: { [label]: name },
      IPAM: { Driver: "default", Config: [{ Subnet: subnet, Gateway: gateway }] },
    });
  } catch (error) {
    throw failure(`make the network (${subnet})`, host, name, error);
  }
}

/** Removes the network; one that is gone is fine. */
export async function removeNetwork(host: HostAccess, name: string): Promise<void> {
  try {
    await dockerClient(host).getNetwork(name).remove();
  } catch (error) {
    if (dockerStatus(error) !== 404) throw failure("remove the network", host, name, error);
  }
}

function failure(doing: string, host: HostAccess, name: string, error: unknown): Error {
  const parts = { doing, where: `network ${name} on host ${host.name}`, found: describe(error) };
  if (dockerStatus(error) === undefined) {
    const remedy = `Check the Docker engine of host ${host.name} (${host.docker}).`;
    return new UnreachableError({ ...parts, remedy }, error);
  }
  const remedy =
    "Look at the networks of that host (docker network ls; docker network inspect); where the addresses " +
    "are taken, set `network.subnet` to a free range.";
  return new ControlError({ ...parts, remedy }, error);
}
