/** Reachability: tries every needed port between the hosts before containers rely on them. */
import type { ReachabilityInputs } from "../../model/resources";
import { tryReachability } from "../../control/preflight/reachability";
import { define } from "../type";

async function look(inputs: ReachabilityInputs): Promise<ReachabilityInputs> {
  await tryReachability(inputs);
  return inputs;
}

/** Another image reaches no other port. A failure leaves no state behind, or the old one. */
export const reachability = define<ReachabilityInputs, ReachabilityInputs>({
  type: "pgha:index:Reachability",
  secretFields: [],
  computed: [],
  ignored: ["images"],
  create: async (inputs) => ({ id: inputs.cluster, state: await look(inputs) }),
  read: (state) => Promise.resolve(state),
  update: (_, news) => look(news),
  delete: () => Promise.resolve(),
});
