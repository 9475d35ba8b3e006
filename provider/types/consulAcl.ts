/** ConsulAcl: all policies and tokens of the cluster in Consul. */
import type { ConsulAclInputs } from "../../model/resources";
import { consulReady, type ConsulSession } from "../../control/consul";
import {
  alteredPolicy,
  alteredToken,
  liveGrants,
  makeGrants,
  policiesOf,
  samePolicies,
  type AclToken,
  type LiveGrants,
} from "../../control/consulAcl";
import { readOrGone } from "../gone";
import { define } from "../type";
import { warn } from "../warn";

const READY_MS = 60_000;

function session({ consul, managementToken }: ConsulAclInputs): ConsulSession {
  return { servers: consul, token: managementToken };
}

async function make(inputs: ConsulAclInputs): Promise<ConsulAclInputs> {
  const server = await consulReady(session(inputs), READY_MS);
  const kept = await makeGrants(server, inputs.managementToken, inputs);
  if (kept.length > 0)
    warn(
      `left in Consul, as it is not declared and yet in use: ${kept.join(", ")}. ` +
        "They go with the part at the end of `up`, else with the next one.",
    );
  return inputs;
}

/** A live token as an input; its policies in the declared order, when they are the same ones. */
function grantOf(name: string, live: AclToken, state: ConsulAclInputs) {
  const declared = state.tokens[name]?.policies ?? [];
  const policies = samePolicies(live, declared) ? declared : policiesOf(live).sort();
  return { accessorId: live.AccessorID, policies };
}

/** Names of what else differs, by policy and token: of fields, never their values. */
function alteredIn(live: LiveGrants, state: ConsulAclInputs): Record<string, string[]> {
  const all: [string, string[]][] = [
    ...[...live.policies]
      .filter(([name]) => Object.hasOwn(state.policies, name))
      .map(([name, one]): [string, string[]] => [`policy ${name}`, alteredPolicy(one, state)]),
    ...[...live.tokens]
      .filter(([name]) => Object.hasOwn(state.secretIds, name))
      .map(([name, one]): [string, string[]] => [`token ${name}`, alteredToken(one, name, state)]),
  ];
  return Object.fromEntries(all.filter(([, fields]) => fields.length > 0));
}

async function read(state: ConsulAclInputs): Promise<ConsulAclInputs | undefined> {
  const live = await liveGrants(session(state), state);
  if (live.policies.size === 0 && live.tokens.size === 0) return undefined;
  const altered = alteredIn(live, state);
  return {
    ...state,
    policies: Object.fromEntries([...live.policies].map(([name, { Rules }]) => [name, Rules])),
    tokens: Object.fromEntries(
      [...live.tokens].map(([name, one]) => [name, grantOf(name, one, state)]),
    ),
    // Shown only where there is something: no input has it, so it is a difference.
    ...(Object.keys(altered).length > 0 ? { altered } : {}),
  };
}

/** Delete does nothing: what is in Consul goes with Consul's data. */
export const consulAcl = define<ConsulAclInputs, ConsulAclInputs>({
  type: "pgha:index:ConsulAcl",
  secretFields: ["managementToken", "secretIds"],
  computed: [],
  access: ["consul"],
  create: async (inputs) => ({ id: inputs.description, state: await make(inputs) }),
  read: (state) => readOrGone("Consul", state.consul, () => read(state)),
  update: (_, news) => make(news),
  delete: () => Promise.resolve(),
});
