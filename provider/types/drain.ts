/** Drain: stands before a member's delete. The strict gate, and leadership moved away. */
import type { DrainInputs } from "../../model/resources";
import { gate, moveLeadership } from "../../control/leadership";
import { leaderOf } from "../../control/patroni";
import { define } from "../type";

async function drain(inputs: DrainInputs): Promise<DrainInputs> {
  const { member, members } = inputs;
  const limits = { timeoutMs: inputs.timeoutSeconds * 1000, maximumLag: inputs.maximumLagBytes };
  const view = await gate(members, member.name, limits);
  const others = members.filter((item) => item.name !== member.name);
  if (others.length > 0 && leaderOf(view)?.name === member.name) {
    await moveLeadership(members, member.name, limits);
  }
  return inputs;
}

/**
 * Create does nothing and connects to nothing: at a first start there is no cluster. Only a
 * changed trigger drains. Delete does nothing.
 */
export const drainType = define<DrainInputs, DrainInputs>({
  type: "pgha:index:Drain",
  secretFields: [],
  computed: [],
  ignored: ["member", "members", "timeoutSeconds", "maximumLagBytes"],
  create: (inputs) => Promise.resolve({ id: inputs.member.name, state: inputs }),
  read: (state) => Promise.resolve(state),
  update: (_, news) => drain(news),
  delete: () => Promise.resolve(),
});
