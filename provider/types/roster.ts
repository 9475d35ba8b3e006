/** Roster: who belongs to the cluster. A member that is going to leave must not lead it any more. */
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
  const { haproxies, poolers, timeoutSeconds, maximumLagBytes } = news;
  const away = state.members.filter(({ name }) => going.includes(name));
  await leadAmongStaying([...news.members, ...away], membership, {
    front: { haproxies, poolers },
    timeoutSeconds,
    maximumLagBytes,
    note: warn,
  });
  return news;
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
