/** The network of the container that tries a host's ports: where the cluster's own is not there yet. */
import type { TriedHost } from "../../model/hostResources";
import { TASK_LABEL } from "../../model/labels";
import { findNetwork, makeNetwork, removeNetwork } from "../network";

function ownName(cluster: string): string {
  return `${cluster}-preflight`;
}

/**
 * Name of the network for a try: the cluster's where the host has it, else one of the same addresses,
 * which says beforehand whether they are free there.
 */
export async function networkOf(cluster: string, host: TriedHost): Promise<string> {
  const { access, network } = host;
  if ((await findNetwork(access, network.name)) !== undefined) return network.name;
  await removeOwnNetwork(cluster, host);
  const name = ownName(cluster);
  await makeNetwork(access, { ...network, name }, TASK_LABEL);
  return name;
}

/** Removes the network that was made for a try, of this one or of one that was killed. */
export async function removeOwnNetwork(cluster: string, { access }: TriedHost): Promise<void> {
  const name = ownName(cluster);
  const seen = await findNetwork(access, name);
  if (seen?.labels[TASK_LABEL] === name) await removeNetwork(access, name);
}
