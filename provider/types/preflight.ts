/** Preflight: looks at all hosts before the first change; asks again when their needs change. */
import type { PreflightInputs } from "../../model/resources";
import { preflight } from "../../control/preflight/run";
import { define } from "../type";
import { warn } from "../warn";

async function look(inputs: PreflightInputs): Promise<PreflightInputs> {
  for (const line of await preflight(inputs)) warn(line);
  return inputs;
}

/** A failure leaves no state behind, or the old one: the next `up` looks again. */
export const preflightType = define<PreflightInputs, PreflightInputs>({
  type: "pgha:index:Preflight",
  secretFields: [],
  computed: [],
  create: async (inputs) => ({ id: inputs.cluster, state: await look(inputs) }),
  read: (state) => Promise.resolve(state),
  update: (_, news) => look(news),
  delete: () => Promise.resolve(),
});
