/** ConsulNode: stands before the container of a Consul server or agent, and outlives it. */
import type { ConsulNodeInputs } from "../../model/resources";
import type { ConsulSession } from "../../control/consul";
import { removeGrant } from "../../control/consulGrant";
import { agentMayGo, forgetNode, serverMayGo } from "../../control/consulNodes";
import { containerState } from "../../control/docker";
import { withDrift } from "../drift";
import { alreadyMade } from "../newcomers";
import { nobodyKnows, takesDown } from "../takeDown";
import { tooFewServers } from "../quorum";
import { define, type CheckFailure } from "../type";
import { warn } from "../warn";

/** The other servers: one that goes is not asked. */
function others({ node, servers, managementToken }: ConsulNodeInputs): ConsulSession {
  const rest = servers.filter(({ container }) => container !== node.container);
  return { servers: rest, token: managementToken };
}

/** A node that does not run is nobody's loss: to replace it is to repair it. */
async function gate(news: ConsulNodeInputs): Promise<void> {
  const { node, raftAddress, agents, timeoutSeconds } = news;
  const { container: name } = node;
  if (!(await containerState(node)).running) return;
  const session = others(news);
  const timeoutMs = timeoutSeconds * 1000;
  if (raftAddress === undefined) {
    const rest = agents.map(({ container }) => container).filter((agent) => agent !== name);
    return agentMayGo({ ...session, servers: news.servers }, name, rest, timeoutMs);
  }
  const rest = session.servers.map(({ container }) => container);
  const voters = rest.length === 0 ? 1 : await serverMayGo(session, name, rest, timeoutMs);
  if (voters < 3)
    warn(`Consul is away while ${name} is replaced: there are not three servers that vote`);
}

/** In the preview already: `olds` are the inputs of the last time. */
function check(olds: Partial<ConsulNodeInputs>, news: ConsulNodeInputs): CheckFailure[] {
  const { node, raftAddress, servers, serversOut: out } = news;
  const rolls = olds.trigger !== undefined && olds.trigger !== news.trigger;
  if (
    !rolls ||
    olds.down === true ||
    raftAddress === undefined ||
    !tooFewServers({ near: servers.length, out })
  )
    return [];
  const reason =
    `refused: cannot replace ${node.container}: ${out} more Consul servers are on hosts that are unreachable, and without it the others ` +
    "would have no majority: Consul would elect no leader and PostgreSQL become read-only. " +
    "Nothing was replaced. Bring the host back first, or undo the change that replaces Consul servers.";
  return [{ property: "trigger", reason }];
}

/**
 * A server on another machine at another address has another identity. Its old one would vote for ever,
 * as a dead server of one more: the others then could lose none.
 */
async function forgetOldVote(old: ConsulNodeInputs, news: ConsulNodeInputs): Promise<void> {
  const { raftAddress, node } = old;
  const moved = news.raftAddress !== undefined && raftAddress !== news.raftAddress;
  // With its container there it has its data, and with that its identity: it tells the others itself.
  if (raftAddress === undefined || !moved || (await containerState(news.node)).exists) return;
  const timeoutMs = news.timeoutSeconds * 1000;
  await forgetNode(others(news), { name: node.container, raftAddress }, timeoutMs);
}

async function update(state: ConsulNodeInputs, news: ConsulNodeInputs): Promise<ConsulNodeInputs> {
  await forgetOldVote(state, news);
  const servers = await alreadyMade(state.servers, news.servers);
  const agents = await alreadyMade(state.agents, news.agents);
  if (state.trigger !== news.trigger) await gate({ ...news, servers, agents });
  // As in Drain: what is not made yet is not recorded yet.
  return { ...news, servers, agents };
}

/** After its container: runs with the recorded inputs. */
async function forget(state: ConsulNodeInputs): Promise<void> {
  if (takesDown()) return;
  const { node, raftAddress, timeoutSeconds } = state;
  const session = others(state);
  if (await nobodyKnows(node.container, session.servers)) return;
  await forgetNode(session, { name: node.container, raftAddress }, timeoutSeconds * 1000);
  await removeGrant(session, node.container);
}

/** A node of a retired host is in no list any more: its host is asked nothing. */
async function read(state: ConsulNodeInputs): Promise<ConsulNodeInputs> {
  const known = [...state.servers, ...state.agents].map(({ container }) => container);
  return known.includes(state.node.container) ? withDrift(state, state.node) : state;
}

/** Create reaches nothing; only a changed trigger is a gate. */
export const consulNode = define<ConsulNodeInputs, ConsulNodeInputs>({
  type: "pgha:index:ConsulNode",
  secretFields: ["managementToken"],
  computed: [],
  access: ["servers"],
  ignored: ["down", "serversOut", "agents", "timeoutSeconds"],
  check,
  create: (inputs) => Promise.resolve({ id: inputs.node.container, state: inputs }),
  read,
  update,
  delete: forget,
});
