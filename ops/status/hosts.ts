/** Hosts: whether their engines answer. Asked first, so that a dead one costs its deadline once. */
import { engineAnswers } from "../../control/engine";
import { finding } from "../../control/errors";
import type { HostAccess } from "../../model/access";
import { allContainers } from "../stack/containers";
import type { StackOutputs } from "../stack/outputs";
import type { HostRow } from "./types";

/** Milliseconds that an engine has for its first answer, the start of ssh included. */
const ENGINE_MS = 5_000;

/** The hosts that the outputs name, each once, in the order of the members. */
export function hostsOf(outputs: StackOutputs): HostAccess[] {
  const all = [...outputs.operations.members, ...allContainers(outputs).map((one) => one.access)];
  return [...new Map(all.map(({ host }) => [host.name, host])).values()];
}

/** A host, and why it does not answer; null when it does. */
export type HostAnswer = Pick<HostRow, "name" | "error">;

/** Asks every engine at once. */
export function findHosts(outputs: StackOutputs): Promise<HostAnswer[]> {
  const ask = async (host: HostAccess): Promise<HostAnswer> => {
    try {
      await engineAnswers(host, ENGINE_MS);
      return { name: host.name, error: null };
    } catch (error) {
      return { name: host.name, error: finding(error) };
    }
  };
  return Promise.all(hostsOf(outputs).map(ask));
}

/** The rows of the hosts: answers, with how many of their containers run. Pure. */
export function hostRows(
  outputs: StackOutputs,
  answers: readonly HostAnswer[],
  stopped: readonly { readonly host: string }[],
): HostRow[] {
  const containers = allContainers(outputs).map(({ access }) => access.host.name);
  const count = (names: readonly string[], name: string): number =>
    names.filter((one) => one === name).length;
  return answers.map(({ name, error }) => {
    const total = count(containers, name);
    const out = count(
      stopped.map(({ host }) => host),
      name,
    );
    return { name, error, containers: total, running: error === null ? total - out : null };
  });
}
