/** Containers that will be replaced though nothing that is declared has changed. */
import type { ContainerAccess } from "../model/access";
import type { ContainerState } from "../control/docker";
import { TRIGGER_LABEL } from "../model/labels";
import { recentState } from "../control/presence";

/** What a container is declared to be, as far as the Docker plugin sees that it is not. */
export interface DeclaredContainer {
  /** Tag that it is made from. */
  readonly image: string;
  /** Name of the cluster, and of its network. */
  readonly cluster: string;
  /** As its label has it. */
  readonly trigger: string;
}

const DRIFTED = "drifted: ";

/** What has drifted of a container; nothing where it does not run, as then there is nobody to spare. */
export function driftOf(
  { image, cluster, trigger }: DeclaredContainer,
  live: ContainerState,
): string[] {
  if (!live.running) return [];
  const made = live.labels?.[TRIGGER_LABEL];
  // Without the label it was made by hand; a recorded drift is no trigger to compare with.
  const behind = made !== undefined && made !== trigger && !trigger.startsWith(DRIFTED);
  return [
    ...(live.image === image ? [] : ["image"]),
    ...(live.networks?.includes(cluster) === true ? [] : ["network"]),
    ...(behind ? ["arguments"] : []),
  ];
}

/**
 * The state of a gate before a container; with another trigger where that has drifted. So a preview
 * shows it, and `up` passes the gate first, also where an earlier one died between gate and container.
 * One that does not run is marked.
 */
export async function withDrift<
  S extends DeclaredContainer & { readonly down?: boolean | undefined },
>(state: S, container: ContainerAccess): Promise<S> {
  const live = await recentState(container);
  const drifted = driftOf(state, live);
  const seen = { ...state, down: live.running ? undefined : true };
  return drifted.length === 0 ? seen : { ...seen, trigger: `${DRIFTED}${drifted.join(", ")}` };
}
