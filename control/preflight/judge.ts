/** Facts of hosts -> what is wrong with them. Pure. */
import type { HostNeeds } from "../../model/hostResources";
import { judgeClocks } from "./clocks";
import type { HostFacts } from "./facts";
import { judgeEngine, judgeMemory } from "./judgeEngine";
import { judgePorts } from "./judgePorts";
import { judgeDataPath, judgeDisks } from "./judgeStorage";
import type { Problem } from "./problem";

/** A host, what it needs, and what is known of it. */
export interface Seen {
  readonly needs: HostNeeds;
  readonly facts: HostFacts | { readonly why: string };
}

/** Everything that is wrong, host by host, then between them. */
export function judge(cluster: string, hosts: readonly Seen[]): Problem[] {
  const known = hosts.flatMap(({ needs, facts }) => ("why" in facts ? [] : [{ needs, facts }]));
  const own = hosts.flatMap(({ needs, facts }) =>
    "why" in facts ? [silent(needs, facts.why)] : judgeHost(cluster, needs, facts),
  );
  const clocks = known.map(({ needs, facts }) => ({
    host: needs.access.name,
    clock: facts.engine.clock,
  }));
  return [...own, ...judgeArchitectures(known), ...judgeClocks(clocks)];
}

/** Everything that is wrong with one host that answers. */
export function judgeHost(cluster: string, needs: HostNeeds, facts: HostFacts): Problem[] {
  return [
    ...judgeEngine(needs, facts.engine),
    ...judgeMemory(needs, facts.engine),
    ...judgeDisks(needs, facts),
    ...judgeDataPath(needs, facts),
    ...judgePorts(cluster, needs, facts),
  ];
}

/** Whether containers can be had on a host: its engine and its disks are as they must be. */
export function takesContainers({ needs, facts }: Seen): boolean {
  if ("why" in facts) return false;
  const problems = [...judgeEngine(needs, facts.engine), ...judgeDisks(needs, facts)];
  return problems.every(({ warning }) => warning === true);
}

function silent({ access }: HostNeeds, why: string): Problem {
  return {
    host: access.name,
    found: `the Docker engine at ${access.docker} gives no answer: ${why}`,
    needed: "a Docker engine that answers",
    remedy: `Repair it, or set \`state: unreachable\` for host ${access.name} to go on without it.`,
  };
}

function judgeArchitectures(
  hosts: readonly { readonly needs: HostNeeds; readonly facts: HostFacts }[],
): Problem[] {
  const [first, ...others] = hosts;
  if (first === undefined) return [];
  const expected = first.facts.engine.architecture;
  return others
    .filter(({ facts }) => facts.engine.architecture !== expected)
    .map(({ needs, facts }) => ({
      host: needs.access.name,
      found: `its architecture is ${facts.engine.architecture}`,
      needed: `${expected}, as host ${first.needs.access.name} has: replicas copy the bytes of the leader`,
      remedy: "Choose hosts of one architecture.",
    }));
}
