/** The parts of a cluster that can be asked: a dead host costs one deadline, then is left out. */
import { ControlError } from "../../control/errors";
import type { MemberAccess } from "../../model/access";
import { findHosts } from "../status/hosts";
import type { StackOutputs } from "./outputs";

/** Names of hosts whose engines do not answer; `note` is told of each. */
export async function deadHosts(
  outputs: StackOutputs,
  note: (text: string) => void,
): Promise<ReadonlySet<string>> {
  const dead = (await findHosts(outputs)).filter(({ error }) => error !== null);
  for (const { name, error } of dead) note(`Host ${name} is unreachable: ${error ?? ""}`);
  return new Set(dead.map(({ name }) => name));
}

/** Members on hosts that answer; throws when there is none. */
export async function reachableMembers(
  outputs: StackOutputs,
  note: (text: string) => void,
): Promise<MemberAccess[]> {
  const dead = await deadHosts(outputs, note);
  const members = outputs.operations.members.filter(({ host }) => !dead.has(host.name));
  if (members.length > 0) return members;
  throw new ControlError({
    doing: "ask the members",
    where: `cluster ${outputs.clusterName}`,
    found: `none of the hosts ${[...dead].join(", ")} answers`,
    remedy: "Check the way to the hosts (ssh, docker version) and try again.",
  });
}

/** The outputs without the parts on some hosts: what can be asked and told. Pure. */
export function withoutHosts(outputs: StackOutputs, dead: ReadonlySet<string>): StackOutputs {
  const alive = <T extends { readonly host: { readonly name: string } }>(list: readonly T[]): T[] =>
    list.filter(({ host }) => !dead.has(host.name));
  const { operations } = outputs;
  const { repository } = operations;
  return {
    ...outputs,
    operations: {
      ...operations,
      members: alive(operations.members),
      consul: alive(operations.consul),
      agents: alive(operations.agents),
      haproxies: alive(operations.haproxies),
      poolers: alive(operations.poolers),
      sidecars: alive(operations.sidecars),
      repository: repository !== null && dead.has(repository.host.name) ? null : repository,
    },
  };
}
