/** ConsulPolicy: an ACL policy. */
import type { ConsulPolicyInputs } from "../../model/resources";
import {
  consulReady,
  deletePolicy,
  findPolicy,
  putPolicy,
  type ConsulSession,
} from "../../control/consul";
import { readOrGone, removeFromConsul } from "../gone";
import { define } from "../type";

const READY_MS = 60_000;

function session(inputs: ConsulPolicyInputs): ConsulSession {
  return { servers: inputs.consul, token: inputs.managementToken };
}

async function put(inputs: ConsulPolicyInputs): Promise<ConsulPolicyInputs> {
  await consulReady(session(inputs), READY_MS);
  const { name, description, rules } = inputs;
  await putPolicy(session(inputs), { Name: name, Description: description, Rules: rules });
  return inputs;
}

/** Delete removes the policy; where no server runs any more there is nothing to remove it from. */
export const consulPolicy = define<ConsulPolicyInputs, ConsulPolicyInputs>({
  type: "pgha:index:ConsulPolicy",
  secretFields: ["managementToken"],
  computed: [],
  access: ["consul"],
  replaceOn: ["name"],
  create: async (inputs) => ({ id: inputs.name, state: await put(inputs) }),
  read: (state) =>
    readOrGone("Consul", state.consul, async () => {
      const policy = await findPolicy(session(state), state.name);
      if (policy === undefined) return undefined;
      return { ...state, description: policy.Description, rules: policy.Rules };
    }),
  update: (_, news) => put(news),
  delete: (state) => removeFromConsul(state.consul, () => deletePolicy(session(state), state.name)),
});
