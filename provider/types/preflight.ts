/** Preflight: looks at all hosts before the first change; asks again when their needs change. */
import type { PreflightInputs } from "../../model/resources";
import { preflight } from "../../control/preflight/run";
import { same } from "../diff";
import { provideImage } from "../imageProvide";
import { define } from "../type";
import { warn } from "../warn";

async function look(inputs: PreflightInputs): Promise<void> {
  for (const line of await preflight(inputs, provideImage)) warn(line);
}

/**
 * A failure leaves no state behind, or the old one: the next `up` looks again. Another image reaches no
 * other port, and ports that were tried are not tried again for a memory limit.
 */
export const preflightType = define<PreflightInputs, PreflightInputs>({
  type: "pgha:index:Preflight",
  secretFields: [],
  computed: [],
  ignored: ["probes"],
  async create(inputs) {
    await look(inputs);
    return { id: inputs.cluster, state: inputs };
  },
  read: (state) => Promise.resolve(state),
  async update(state, news) {
    await look(same(state.tried, news.tried) ? { ...news, tried: [] } : news);
    return news;
  },
  delete: () => Promise.resolve(),
});
