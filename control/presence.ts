/** Which containers of a part are there: the difference between gone and not answering. */
import type { ContainerAccess } from "../model/access";
import { containerKey, containerState, place, type ContainerState } from "./docker";
import { describe } from "./errors";
import { Recent } from "./recent";

/** What was found of a part's containers. */
export interface Presence<T extends ContainerAccess> {
  /** Containers that run, in the order in which they were given. */
  readonly running: readonly T[];
  /** One sentence for each container that does not run or could not be asked about. */
  readonly absent: readonly string[];
  /** Hosts whose engine did not answer, so that nothing is known. */
  readonly unknown: readonly string[];
}

const states = new Recent<ContainerState>(500);

/** State of a container that may be half a second old, asked once for all who ask. */
export function recentState(part: ContainerAccess): Promise<ContainerState> {
  return states.get(containerKey(part), () => containerState(part));
}

/** Presence from such states: asked once for all resources of a part. */
export function recentPresence<T extends ContainerAccess>(
  parts: readonly T[],
): Promise<Presence<T>> {
  return look(parts, recentState);
}

/** Looks at all containers of a part at once. */
export function presence<T extends ContainerAccess>(parts: readonly T[]): Promise<Presence<T>> {
  return look(parts, containerState);
}

async function look<T extends ContainerAccess>(
  parts: readonly T[],
  stateOf: (part: T) => Promise<ContainerState>,
): Promise<Presence<T>> {
  const up = new Set<T>();
  const absent: string[] = [];
  const unknown: string[] = [];
  const one = async (part: T): Promise<void> => {
    try {
      const state = await stateOf(part);
      if (state.running) up.add(part);
      else absent.push(`${place(part)} is ${state.status}`);
    } catch (error) {
      unknown.push(`${place(part)}: ${describe(error)}`);
    }
  };
  await Promise.all(parts.map(one));
  return { running: parts.filter((part) => up.has(part)), absent, unknown };
}
