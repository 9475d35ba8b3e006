/** Asks all parts of a cluster how they are. */
import type { StackOutputs } from "../stack/outputs";
import { findEndpoints } from "./endpoints";
import { findHosts, hostRows } from "./hosts";
import { findMembers } from "./members";
import { findBackup, findConsul, findContainers, findPools } from "./parts";
import type { Findings } from "./types";

/**
 * Everything at once; a part that does not answer is a finding, never an error. Engines come first:
 * what is on a host that does not answer is not asked.
 */
export async function findStatus(outputs: StackOutputs): Promise<Findings> {
  const checkedAt = new Date().toISOString();
  const answers = await findHosts(outputs);
  const dead = new Set(answers.filter(({ error }) => error !== null).map(({ name }) => name));
  const others = Promise.all([
    findEndpoints(outputs, dead),
    findConsul(outputs, dead),
    findPools(outputs, dead),
  ]);
  const seen = await findContainers(outputs, dead);
  const absent = seen.filter(({ runs }) => !runs);
  const members = await findMembers(outputs.operations.members, absent);
  const leader = outputs.operations.members.find(({ name }) => name === members.leader);
  const asked = leader !== undefined && dead.has(leader.host.name) ? undefined : leader;
  const backup = await findBackup(outputs, asked, dead);
  const [endpoints, consul, pools] = await others;
  const containers = seen
    .filter(({ host }) => !dead.has(host))
    .map(({ container, host, found }) => ({ container, host, found }));
  const hosts = hostRows(outputs, answers, absent);
  const cluster = outputs.clusterName;
  return { cluster, checkedAt, ...members, hosts, endpoints, consul, pools, backup, containers };
}
