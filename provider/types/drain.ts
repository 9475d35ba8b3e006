/** Drain: stands before a member's delete. The strict gate, and clients led elsewhere. */
import type { DrainInputs } from "../../model/resources";
import { backAgain, endLeader } from "../../control/handover";
import { gate } from "../../control/leadership";
import { leaderOf } from "../../control/patroni";
import { ControlError } from "../../control/errors";
import { drainReplica } from "../../control/traffic";
import { define } from "../type";
import { warn } from "../warn";

async function drain(inputs: DrainInputs): Promise<DrainInputs> {
  const { member, members, unreachable, haproxies, poolers } = inputs;
  if (unreachable > 0 && members.length < 3) throw tooFew(inputs);
  const front = { haproxies, poolers };
  const limits = { timeoutMs: inputs.timeoutSeconds * 1000, maximumLag: inputs.maximumLagBytes };
  const view = await gate(members, member.name, limits);
  if (members.length === 1) return inputs;
  if (leaderOf(view)?.name === member.name) {
    await endLeader(members, member, { front, note: warn });
    await backAgain(member, warn);
  } else {
    await drainReplica(front, member.name, view, warn);
  }
  return inputs;
}

function tooFew({ member, members, unreachable }: DrainInputs): ControlError {
  return new ControlError({
    doing: `take ${member.name} out`,
    where: `members ${members.map(({ name }) => name).join(", ")}`,
    found: `${unreachable} more on hosts that are unreachable: without it there would be no leader with a streaming replica`,
    remedy:
      "Nothing was taken out. Bring the host back first, or undo the change that replaces members.",
  });
}

/**
 * Create does nothing and connects to nothing: at a first start there is no cluster. Only a
 * changed trigger drains. Delete does nothing.
 */
export const drainType = define<DrainInputs, DrainInputs>({
  type: "pgha:index:Drain",
  secretFields: [],
  computed: [],
  ignored: [
    "member",
    "members",
    "unreachable",
    "haproxies",
    "poolers",
    "timeoutSeconds",
    "maximumLagBytes",
  ],
  create: (inputs) => Promise.resolve({ id: inputs.member.name, state: inputs }),
  read: (state) => Promise.resolve(state),
  update: (_, news) => drain(news),
  delete: () => Promise.resolve(),
});
