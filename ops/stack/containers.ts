/** The containers of a cluster by the names that people give them; pure. */
import type { ContainerAccess, MemberAccess } from "../../model/access";
import { ControlError } from "../../control/errors";
import type { StackOutputs } from "./outputs";

/** Kinds of containers, as `logs` takes them. */
export const PARTS = [
  "postgres",
  "consul",
  "agent",
  "haproxy",
  "pgbouncer",
  "backrest",
  "backup",
] as const;
/** A kind of container. */
export type PartName = (typeof PARTS)[number];
/** A container and its kind. */
export interface PartContainer {
  readonly part: PartName;
  readonly access: ContainerAccess;
}

/** Every container that the outputs name, in the order in which a cluster is built. */
export function allContainers({ operations }: StackOutputs): PartContainer[] {
  const of = (part: PartName, list: readonly ContainerAccess[]): PartContainer[] =>
    list.map((access) => ({ part, access }));
  return [
    ...of("consul", operations.consul),
    ...of("agent", operations.agents),
    ...of("postgres", operations.members),
    ...of("haproxy", operations.haproxies),
    ...of("pgbouncer", operations.poolers),
    ...of("backrest", operations.sidecars),
    ...of("backup", operations.repository === null ? [] : [operations.repository]),
  ];
}

/** The containers that a word means: a kind, a name, or the end of a name; all without a word. */
export function containersOf(outputs: StackOutputs, word: string | undefined): PartContainer[] {
  const all = allContainers(outputs);
  if (word === undefined) return all;
  const byPart = all.filter(({ part }) => part === word);
  const names = all.map(({ access }) => access.container);
  const chosen =
    byPart.length > 0 ? byPart : all.filter((one) => named(one.access.container, word, names));
  if (chosen.length > 0) return chosen;
  throw new ControlError({
    doing: `find the part "${word}"`,
    where: `cluster ${outputs.clusterName}`,
    found: `it is neither a kind (${PARTS.join(", ")}) nor the name of a container`,
    remedy: `Name one of: ${names.join(", ")}`,
  });
}

/** The member that a word means: its name, or the end of its name. */
export function memberNamed(outputs: StackOutputs, word: string): MemberAccess {
  const { members } = outputs.operations;
  const names = members.map(({ name }) => name);
  const [found, ...more] = members.filter(({ name }) => named(name, word, names));
  if (found !== undefined && more.length === 0) return found;
  throw new ControlError({
    doing: `find the member "${word}"`,
    where: `cluster ${outputs.clusterName}`,
    found: found === undefined ? "there is none of that name" : "more than one ends in that",
    remedy: `Name one of: ${names.join(", ")}`,
  });
}

/** Whether a word means a name: the very same, or, if none is, the end of it after a dash. */
function named(name: string, word: string, names: readonly string[]): boolean {
  return names.includes(word) ? name === word : name.endsWith(`-${word}`);
}
