/** Which containers of a part are there: the difference between gone and not answering. */
import type { ContainerAccess } from "../model/access";
import { containerState, place } from "./docker";
import { describe } from "./errors";

/** What was found of a part's containers. */
export interface Presence {
  /** Containers that run. */
  readonly running: readonly ContainerAccess[];
  /** One sentence for each container that does not run or could not be asked about. */
  readonly absent: readonly string[];
  /** Hosts whose engine did not answer, so that nothing is known. */
  readonly unknown: readonly string[];
}

/** Looks at all containers of a part at once. */
export async function presence(parts: readonly ContainerAccess[]): Promise<Presence> {
  const running: ContainerAccess[] = [];
  const absent: string[] = [];
  const unknown: string[] = [];
  const look = async (part: ContainerAccess): Promise<void> => {
    try {
      const state = await containerState(part);
      if (state.running) running.push(part);
      else absent.push(`${place(part)} is ${state.status}`);
    } catch (error) {
      unknown.push(`${place(part)}: ${describe(error)}`);
    }
  };
  await Promise.all(parts.map(look));
  return { running, absent, unknown };
}
