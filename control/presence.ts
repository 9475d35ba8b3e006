/** Which containers of a part are there: the difference between gone and not answering. */
import type { ContainerAccess } from "../model/access";
import { containerKey, containerState, place, type ContainerState } from "./docker";
import { describe } from "./errors";
import { Recent } from "./recent";

/** What was found of a part's containers. */
export interface Presence {
  /** Containers that run. */
  readonly running: readonly ContainerAccess[];
  /** One sentence for each container that does not run or could not be asked about. */
  readonly absent: readonly string[];
  /** Hosts whose engine did not answer, so that nothing is known. */
  readonly unknown: readonly string[];
}

const states = new Recent<ContainerState>(500);

/** The same from states that may be half a second old, asked once for all resources of a part. */
export function recentPresence(parts: readonly ContainerAccess[]): Promise<Presence> {
  return look(parts, (part) => states.get(containerKey(part), () => containerState(part)));
}

/** Looks at all containers of a part at once. */
export function presence(parts: readonly ContainerAccess[]): Promise<Presence> {
  return look(parts, containerState);
}

async function look(
  parts: readonly ContainerAccess[],
  stateOf: (part: ContainerAccess) => Promise<ContainerState>,
): Promise<Presence> {
  const running: ContainerAccess[] = [];
  const absent: string[] = [];
  const unknown: string[] = [];
  const one = async (part: ContainerAccess): Promise<void> => {
    try {
      const state = await stateOf(part);
      if (state.running) running.push(part);
      else absent.push(`${place(part)} is ${state.status}`);
    } catch (error) {
      unknown.push(`${place(part)}: ${describe(error)}`);
    }
  };
  await Promise.all(parts.map(one));
  return { running, absent, unknown };
}
