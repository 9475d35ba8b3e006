/** EndpointGate: stands before the container of an HAProxy or a PgBouncer. */
import type { EndpointGateInputs } from "../../model/resources";
import { endpointMayGo } from "../../control/endpointGate";
import { withDrift } from "../drift";
import { alreadyMade } from "../newcomers";
import { define } from "../type";
import { warn } from "../warn";

/** Create reaches nothing; only a changed trigger is a gate. Delete does nothing. */
export const endpointGate = define<EndpointGateInputs, EndpointGateInputs>({
  type: "pgha:index:EndpointGate",
  secretFields: [],
  computed: [],
  ignored: ["down", "kind", "endpoint", "others", "before", "through", "timeoutSeconds"],
  create: (inputs) => Promise.resolve({ id: inputs.endpoint.container, state: inputs }),
  read: (state) => withDrift(state, state.endpoint),
  async update(state, news) {
    const made = { ...news, others: await alreadyMade(state.others, news.others) };
    if (state.trigger !== news.trigger) await endpointMayGo(made, warn);
    // As in Drain: what is not made yet is not recorded yet.
    return made;
  },
  delete: () => Promise.resolve(),
});
