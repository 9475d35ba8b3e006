/** ConsulToken: an ACL token whose ids are ours, so that no answer holds anything that can be lost. */
import type { ConsulTokenInputs } from "../../model/resources";
import {
  consulReady,
  deleteToken,
  findToken,
  putToken,
  type ConsulSession,
} from "../../control/consul";
import { readOrGone, removeFromConsul } from "../gone";
import { define } from "../type";

const READY_MS = 60_000;

function session(inputs: ConsulTokenInputs): ConsulSession {
  return { servers: inputs.consul, token: inputs.managementToken };
}

async function put(inputs: ConsulTokenInputs): Promise<ConsulTokenInputs> {
  await consulReady(session(inputs), READY_MS);
  await putToken(session(inputs), {
    AccessorID: inputs.accessorId,
    SecretID: inputs.secretId,
    Description: inputs.description,
    Policies: inputs.policies.map((Name) => ({ Name })),
  });
  return inputs;
}

/** The live policies in the declared order, when they are the same ones. */
function ordered(live: readonly string[], declared: readonly string[]): readonly string[] {
  const equal = live.length === declared.length && declared.every((name) => live.includes(name));
  return equal ? declared : [...live].sort();
}

/** Delete removes the token; where no server runs any more there is nothing to remove it from. */
export const consulToken = define<ConsulTokenInputs, ConsulTokenInputs>({
  type: "pgha:index:ConsulToken",
  secretFields: ["managementToken", "secretId"],
  computed: [],
  access: ["consul"],
  replaceOn: ["accessorId", "secretId"],
  create: async (inputs) => ({ id: inputs.accessorId, state: await put(inputs) }),
  read: (state) =>
    readOrGone("Consul", state.consul, async () => {
      const token = await findToken(session(state), state.accessorId);
      if (token === undefined) return undefined;
      const names = (token.Policies ?? []).map((policy) => policy.Name);
      return { ...state, description: token.Description, policies: ordered(names, state.policies) };
    }),
  update: (_, news) => put(news),
  delete: (state) =>
    removeFromConsul(state.consul, () => deleteToken(session(state), state.accessorId)),
});
