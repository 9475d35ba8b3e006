/** Roster: who belongs to the cluster. A member that is going to leave must not lead it any more. */
import type { ContainerAccess } from "../../model/access";
import type { RosterInputs, RosterState } from "../../model/resources";
import { clusterView, leaderOf } from "../../control/patroni";
import { UnreachableError } from "../../control/errors";
import { leadAmongStaying, leaving } from "../../control/removal";
import { define } from "../type";
import { warn } from "../warn";

/**
 * Early: the HAProxies have a configuration without the members that leave long before those are
 * removed, at the end of `up`.
 */
async function update(state: RosterState, news: RosterInputs): Promise<RosterState> {
  const membership = { old: state.names, now: news.names };
  const going = leaving(membership);
  if (going.length === 0) return { ...news, left: state.left };
  const { timeoutSeconds, maximumLagBytes } = news;
  const away = [...state.members, ...state.left].filter(({ name }) => going.includes(name));
  // What leaves with a host serves clients until the end of `up`.
  const front = {
    haproxies: together(news.haproxies, state.haproxies),
    poolers: together(news.poolers, state.poolers),
  };
  await leadAmongStaying([...news.members, ...away], membership, {
    front,
    timeoutSeconds,
    maximumLagBytes,
    note: warn,
  });
  return { ...news, left: away };
}

function together<T extends ContainerAccess>(now: readonly T[], old: readonly T[]): T[] {
  const known = now.map(({ container }) => container);
  return [...now, ...old.filter(({ container }) => !known.includes(container))];
}

/**
 * An `up` that died after the move has left members that nobody serves any more, and that may lead
 * again: that is shown as their being among the names, and moved by the next `up`.
 */
async function read(state: RosterState): Promise<RosterState> {
  if (state.left.length === 0) return state;
  try {
    const view = await clusterView(state.members);
    const left = state.left.filter(({ name }) => view.members.some((one) => one.name === name));
    const leads = left.filter(({ name }) => leaderOf(view)?.name === name);
    const names = [...new Set([...state.names, ...leads.map(({ name }) => name)])];
    return { ...state, left, names };
  } catch (error) {
    if (error instanceof UnreachableError) return state;
    throw error;
  }
}

/** Create and Delete do nothing. A failure leaves the old record: the next `up` looks again. */
export const roster = define<RosterInputs, RosterState>({
  type: "pgha:index:Roster",
  secretFields: [],
  computed: ["left"],
  ignored: ["members", "haproxies", "poolers", "timeoutSeconds", "maximumLagBytes"],
  create: (inputs) => Promise.resolve({ id: "roster", state: { ...inputs, left: [] } }),
  read,
  update,
  delete: () => Promise.resolve(),
});
