/** Asks all parts of a cluster how they are. */
import type { StackOutputs } from "../stack/outputs";
import { findEndpoints } from "./endpoints";
import { findMembers } from "./members";
import { findBackup, findConsul, findContainers, findPools } from "./parts";
import type { Findings } from "./types";

/** Everything at once; a part that does not answer is a finding, never an error. */
export async function findStatus(outputs: StackOutputs): Promise<Findings> {
  const checkedAt = new Date().toISOString();
  const others = Promise.all([findEndpoints(outputs), findConsul(outputs), findPools(outputs)]);
  const seen = await findContainers(outputs);
  const absent = seen.filter(({ runs }) => !runs);
  const members = await findMembers(outputs.operations.members, absent);
  const leader = outputs.operations.members.find(({ name }) => name === members.leader);
  const backup = await findBackup(outputs, leader);
  const [endpoints, consul, pools] = await others;
  const containers = seen.map(({ container, host, found }) => ({ container, host, found }));
  const cluster = outputs.clusterName;
  return { cluster, checkedAt, ...members, endpoints, consul, pools, backup, containers };
}
