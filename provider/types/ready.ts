/** Ready: the condition of `up`. Create and Update return when the cluster is true, else fail. */
import type { ContainerAccess } from "../../model/access";
import type { ReadyInputs, ReadyState } from "../../model/resources";
import { checkStanza } from "../../control/pgbackrest";
import { clusterView, leaderOf, memberStatus } from "../../control/patroni";
import { presence } from "../../control/presence";
import {
  awaitParts,
  consulPart,
  containerPart,
  endpointPart,
  membersPart,
  unreadyError,
  type Part,
} from "../../control/readiness";
import { define } from "../type";

function endpointParts(inputs: ReadyInputs): Part[] {
  const { user, password, database, caCertificate } = inputs;
  const login = { user, password, database, caCertificate };
  const inner = new Set([...inputs.members, ...inputs.consul].map((item) => item.container));
  const outer = inputs.containers.filter((item) => !inner.has(item.container));
  const behind = outer.length === 0 ? inputs.members : outer;
  return inputs.endpoints.map((endpoint) => endpointPart(endpoint, login, inputs.members, behind));
}

function backupPart(repository: ContainerAccess, stanza: string): Part {
  return {
    name: "backup",
    containers: [repository],
    check: () => checkStanza({ repository, stanza }, 60_000),
  };
}

/** Endpoints and archiving cannot work before the members do: checked after them. */
async function check(inputs: ReadyInputs): Promise<ReadyState> {
  const deadline = Date.now() + inputs.timeoutSeconds * 1000;
  const first = [
    ...inputs.containers.map(containerPart),
    ...(inputs.consul.length === 0 ? [] : [consulPart(inputs.consul)]),
    membersPart(inputs.members),
  ];
  const { stanza } = inputs;
  const second = [
    ...endpointParts(inputs),
    ...(stanza === undefined ? [] : [backupPart(stanza.repository, stanza.name)]),
  ];
  for (const parts of [first, second]) {
    const unready = await awaitParts(parts, deadline);
    if (unready.length > 0) throw await unreadyError(unready, inputs.timeoutSeconds);
  }
  return { ...inputs, systemIdentifier: await systemIdentifier(inputs) };
}

async function systemIdentifier(inputs: ReadyInputs): Promise<string> {
  const leader = leaderOf(await clusterView(inputs.members));
  const member = inputs.members.find((item) => item.name === leader?.name);
  if (member === undefined)
    throw new Error("the leader went away just after everything was ready: run `up` again");
  return (await memberStatus(member)).database_system_identifier ?? "";
}

/**
 * A container that does not run makes the condition untrue: shown, and checked again by the `up`
 * that starts or makes it. All else that `up` repairs waits for its own effect.
 */
async function read(state: ReadyState): Promise<ReadyState> {
  const { absent } = await presence(state.containers);
  return absent.length === 0 ? state : { ...state, trigger: absent.join(", ") };
}

/** A failure leaves no state behind, or the old one: the next `up` checks again. */
export const ready = define<ReadyInputs, ReadyState>({
  type: "pgha:index:Ready",
  secretFields: ["password"],
  computed: ["systemIdentifier"],
  ignored: ["timeoutSeconds"],
  create: async (inputs) => ({ id: "ready", state: await check(inputs) }),
  read,
  update: (_, news) => check(news),
  delete: () => Promise.resolve(),
});
