/** Drain: stands before a member's delete. The strict gate, and clients led elsewhere. */
import type { DrainInputs } from "../../model/resources";
import { patroniGrant } from "../../model/render/consul";
import { backupMayEnd } from "../../control/backupGate";
import { removeGrant } from "../../control/consulGrant";
import { backAgain, endLeader } from "../../control/handover";
import { containerState } from "../../control/docker";
import { gate, moveLeadership } from "../../control/leadership";
import { hasNeverRun } from "../../control/memberData";
import { forgetMember } from "../../control/memberRecord";
import { leaderOf, type ClusterView } from "../../control/patroni";
import { ControlError } from "../../control/errors";
import { drainReplica } from "../../control/traffic";
import { withDrift } from "../drift";
import { alreadyMade } from "../newcomers";
import { tooFewMembers } from "../quorum";
import { nobodyKnows, takesDown } from "../takeDown";
import { define, type CheckFailure } from "../type";
import { warn } from "../warn";

async function drain(inputs: DrainInputs): Promise<void> {
  const { member, members, haproxies, poolers } = inputs;
  // A cluster that never came up is mended by replacing its members: there is no leader to wait for.
  if (await hasNeverRun(member)) return;
  if (tooFew(inputs) && (await containerState(member)).running)
    throw new ControlError(tooFewText(inputs));
  const limits = { timeoutMs: inputs.timeoutSeconds * 1000, maximumLag: inputs.maximumLagBytes };
  await backupMayEnd(member, inputs, warn);
  // The only one has nobody to wait for, also where it never came up.
  if (members.length === 1) return;
  const view = await gate(members, member.name, limits);
  if (leaderOf(view)?.name === member.name) return handLeadOn(inputs, view);
  await drainReplica({ haproxies, poolers }, member.name, view, warn);
}

/**
 * A leader that ends is followed by whoever is first. Where a member is about to leave, that must not
 * be the one: leadership is then given to one that stays, which takes longer.
 */
async function handLeadOn(inputs: DrainInputs, view: ClusterView): Promise<void> {
  const { member, members, haproxies, poolers } = inputs;
  const front = { haproxies, poolers };
  if (view.members.every(({ name }) => members.some((one) => one.name === name))) {
    await endLeader(members, member, { front, note: warn });
    return backAgain(member, warn);
  }
  const limits = { timeoutMs: inputs.timeoutSeconds * 1000, maximumLag: inputs.maximumLagBytes };
  await moveLeadership(members, member.name, { ...limits, front, note: warn });
}

function tooFew({ members, unreachable }: DrainInputs): boolean {
  return tooFewMembers({ near: members.length, out: unreachable });
}

function tooFewText({ member, members, unreachable }: DrainInputs) {
  return {
    doing: `take ${member.name} out`,
    where: `members ${members.map(({ name }) => name).join(", ")}`,
    found: `${unreachable} more on hosts that are unreachable: without it there would be no leader with a streaming replica`,
    remedy:
      "Nothing was taken out. Bring the host back first, or undo the change that replaces members.",
  };
}

/** In the preview already: `olds` are the inputs of the last time. */
function check(olds: Partial<DrainInputs>, news: DrainInputs): CheckFailure[] {
  if (olds.trigger === undefined || olds.trigger === news.trigger) return [];
  if (olds.down === true || !tooFew(news)) return [];
  const { doing, found, remedy } = tooFewText(news);
  return [{ property: "trigger", reason: `refused: cannot ${doing}: ${found}. ${remedy}` }];
}

/** A member of a retired host is in no list any more: its host is asked nothing. */
async function read(state: DrainInputs): Promise<DrainInputs> {
  if (state.members.every(({ name }) => name !== state.member.name)) return state;
  return withDrift(state, state.member);
}

/** After the member's container: runs with the recorded inputs. */
async function forget(state: DrainInputs): Promise<void> {
  if (takesDown()) return;
  const { cluster, member, members } = state;
  const consul = { servers: state.consul, token: state.managementToken };
  if (await nobodyKnows(member.name, consul.servers)) return;
  const others = members.filter(({ name }) => name !== member.name);
  await forgetMember({ cluster, member: member.name, others, consul, note: warn });
  await removeGrant(consul, patroniGrant(member.name));
}

/**
 * Create connects to nothing: at a first start there is no cluster. Only a changed trigger drains.
 * Delete comes after that of the container, and makes the others forget the member.
 */
export const drainType = define<DrainInputs, DrainInputs>({
  type: "pgha:index:Drain",
  secretFields: ["managementToken"],
  computed: [],
  access: ["members", "consul"],
  ignored: [
    "down",
    "unreachable",
    "haproxies",
    "poolers",
    "repository",
    "stanza",
    "timeoutSeconds",
    "maximumLagBytes",
  ],
  check,
  create: (inputs) => Promise.resolve({ id: inputs.member.name, state: inputs }),
  read,
  async update(state, news) {
    const made = { ...news, members: await alreadyMade(state.members, news.members) };
    if (state.trigger !== news.trigger) await drain(made);
    // A part that is not made yet must not count as recorded: this `up` may end before it makes it.
    return made;
  },
  delete: forget,
});
