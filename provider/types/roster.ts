/** Roster: who belongs to the cluster. A member that is going to leave must not lead it any more. */
import type { ContainerAccess } from "../../model/access";
import type { RosterInputs } from "../../model/resources";
import { leadAmongStaying, leaving } from "../../control/removal";
import { define } from "../type";
import { warn } from "../warn";

/**
 * Early: the HAProxies have a configuration without the members that leave long before those are
 * removed, at the end of `up`.
 */
async function update(state: RosterInputs, news: RosterInputs): Promise<RosterInputs> {
  const membership = { old: state.names, now: news.names };
  const going = leaving(membership);
  if (going.length === 0) return news;
  const { timeoutSeconds, maximumLagBytes } = news;
  const away = state.members.filter(({ name }) => going.includes(name));
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
  return news;
}

function together<T extends ContainerAccess>(now: readonly T[], old: readonly T[]): T[] {
  const known = now.map(({ container }) => container);
  return [...now, ...old.filter(({ container }) => !known.includes(container))];
}

/** Create, Read and Delete do nothing. A failure leaves the old record: the next `up` looks again. */
export const roster = define<RosterInputs, RosterInputs>({
  type: "pgha:index:Roster",
  secretFields: [],
  computed: [],
  ignored: ["members", "haproxies", "poolers", "timeoutSeconds", "maximumLagBytes"],
  create: (inputs) => Promise.resolve({ id: "roster", state: inputs }),
  read: (state) => Promise.resolve(state),
  update,
  delete: () => Promise.resolve(),
});
