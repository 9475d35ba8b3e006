/** Members that leave for good: who leads and follows when they are gone, and clients led away. */
import type { MemberAccess } from "../model/access";
import type { MoveLimits } from "../model/resources";
import { place } from "./docker";
import { ControlError, UnreachableError, describe, finding, unreachable } from "./errors";
import { backAgain, endLeader } from "./handover";
import { chooseCandidate, isStreaming, moveLeadership, refusePaused, viewText } from "./leadership";
import { clusterView, leaderOf, leads, type ClusterView } from "./patroni";
import { presence } from "./presence";
import { releaseReaders, type Front } from "./traffic";
import { NotYet, until } from "./until";

/** Clients, limits, and who is told what a person should know. */
export interface RemovalOptions extends MoveLimits {
  readonly front: Front;
  readonly note: (text: string) => void;
}

/** A membership before and after a change. */
export interface Membership {
  readonly old: readonly string[];
  readonly now: readonly string[];
}

/** Names that were there and are there no more. */
export function leaving({ old, now }: Membership): string[] {
  return old.filter((name) => !now.includes(name));
}

/**
 * What would be missing without the members that go: one sentence each. `staying` are those that were
 * there before and stay: one of them leads or can take the lead, and of two or more another streams.
 */
export function missingWithout(
  view: ClusterView,
  going: readonly string[],
  staying: readonly string[],
  maximumLag: number,
): string[] {
  const leader = leaderOf(view);
  if (leader === undefined) return ["there is no running leader"];
  const streaming = view.members.filter(
    (member) => staying.includes(member.name) && !leads(member) && isStreaming(member, maximumLag),
  );
  if (streaming.length > 0) return [];
  const names = staying.filter((name) => name !== leader.name).join(", ") || "no other member";
  if (going.includes(leader.name)) return [`${leader.name} leads, and ${names} does not stream`];
  return staying.length > 1 ? [`of those that stay ${names} does not stream`] : [];
}

/**
 * Before anything is changed: returns once a member that stays leads, moved there where one of those
 * that leave did. `members` are the old and the new ones that can be reached.
 *
 * @throws ControlError where the cluster gives no answer or would be left without a standby.
 */
export async function leadAmongStaying(
  members: readonly MemberAccess[],
  { old, now }: Membership,
  options: RemovalOptions,
): Promise<void> {
  const going = leaving({ old, now });
  const staying = old.filter((name) => now.includes(name));
  const doing = `take ${going.join(", ")} out of the cluster`;
  await refuseAsleep(doing, members);
  const view = await settled(doing, members, options, (seen) =>
    missingWithout(seen, going, staying, options.maximumLagBytes),
  );
  const leader = leaderOf(view)?.name ?? "";
  if (!going.includes(leader)) return;
  const near = members.map(({ name }) => name).filter((name) => staying.includes(name));
  const to = chooseCandidate(view, leader, near);
  const member = members.find(({ name }) => name === leader);
  if (to === undefined || member === undefined)
    throw noWay(doing, members, leader, member !== undefined);
  // Whoever is first may take the lead of one that ends, which is faster: all of them must stay.
  if (view.members.every(({ name }) => name === leader || staying.includes(name))) {
    await endLeader(members, member, options);
    return backAgain(member, options.note);
  }
  await moveLeadership(members, leader, { ...moveOptions(options), to });
}

/** Of a cluster that is down nobody can tell whose data is the newest. */
async function refuseAsleep(doing: string, members: readonly MemberAccess[]): Promise<void> {
  const { running, absent, unknown } = await presence(members);
  if (running.length > 0) return;
  throw new ControlError({
    doing,
    where: `members ${members.map(({ name }) => name).join(", ")}`,
    found: `none of them runs: ${[...absent, ...unknown].join(", ")}`,
    remedy:
      "Nothing was removed. Bring the cluster up with all the members that it had, then remove one.",
  });
}

/**
 * Just before a member's container is removed: returns once another one leads, with a replica that
 * streams where there are more, and the pools have given back their connections to it. The member
 * itself is asked for nothing unless it leads.
 */
export async function leaveOthers(
  member: MemberAccess,
  members: readonly MemberAccess[],
  options: RemovalOptions,
): Promise<void> {
  const others = await runningOthers(member, members, options.note);
  if (others.length === 0) return;
  const names = others.map(({ name }) => name);
  const doing = `take ${member.name} away`;
  const gate = (mayLead: boolean) =>
    settled(doing, others, options, (view) => {
      const missing = missingWithout(view, [member.name], names, options.maximumLagBytes);
      const still = leaderOf(view)?.name === member.name && !mayLead;
      return still ? [`${member.name} still leads`, ...missing] : missing;
    });
  const view = await gate(true);
  if (leaderOf(view)?.name === member.name) {
    await handOverTo(chooseCandidate(view, member.name, names), member, others, options);
    await gate(false);
  }
  await releaseReaders(options.front, options.note);
}

/** A member that does not answer is waited for to lose its lead, which it does by itself. */
async function handOverTo(
  to: string | undefined,
  member: MemberAccess,
  others: readonly MemberAccess[],
  options: RemovalOptions,
): Promise<void> {
  try {
    await moveLeadership([...others, member], member.name, { ...moveOptions(options), to });
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    options.note(`waiting until another member leads: ${member.name}: ${finding(error)}`);
  }
}

/** The other members that run; none where no other runs, which is told. */
async function runningOthers(
  member: MemberAccess,
  members: readonly MemberAccess[],
  note: (text: string) => void,
): Promise<readonly MemberAccess[]> {
  const others = members.filter(({ name }) => name !== member.name);
  const { running, unknown } = await presence(others);
  if (running.length > 0) return running;
  if (unknown.length === 0) {
    note(`no other member runs: ${member.name} goes with all that it serves`);
    return [];
  }
  throw new ControlError({
    doing: `take ${member.name} away`,
    where: others.map(place).join(", "),
    found: `no engine of another member's host answers: ${unknown.join(" | ")}`,
    remedy: `Nothing was taken away. Repair the way to these hosts. ${TAKE_DOWN}`,
  });
}

const TAKE_DOWN = "To take down the whole cluster as it is: `npm run down`.";

/** The view once nothing is missing any more. */
async function settled(
  doing: string,
  members: readonly MemberAccess[],
  { timeoutSeconds }: MoveLimits,
  missing: (view: ClusterView) => string[],
): Promise<ClusterView> {
  const limits = { timeoutMs: timeoutSeconds * 1000, intervalMs: 500, retry: unreachable };
  try {
    return await until("a leader and a streaming replica that stay", limits, async () => {
      const view = await clusterView(members);
      refusePaused(view, doing);
      const found = missing(view);
      if (found.length > 0) throw new NotYet(`${found.join(", ")} [${viewText(view)}]`);
      return view;
    });
  } catch (error) {
    if (error instanceof ControlError && !(error instanceof UnreachableError)) throw error;
    throw new ControlError(
      {
        doing,
        where: `members ${members.map(({ name }) => name).join(", ")}`,
        found: describe(error),
        remedy: `Nothing was removed. Repair the cluster first, then run \`up\` again. ${TAKE_DOWN}`,
      },
      error,
    );
  }
}

function moveOptions({ front, note, timeoutSeconds, maximumLagBytes }: RemovalOptions) {
  return { timeoutMs: timeoutSeconds * 1000, maximumLag: maximumLagBytes, front, note };
}

function noWay(
  doing: string,
  members: readonly MemberAccess[],
  leader: string,
  asked: boolean,
): ControlError {
  return new ControlError({
    doing,
    where: `members ${members.map(({ name }) => name).join(", ")}`,
    found: asked
      ? `${leader} leads, and none of those that stay and can be reached streams`
      : `${leader} leads, on a host that no way is known to any more`,
    remedy: asked
      ? "Nothing was removed. Bring back a host of one that stays, then run `up` again."
      : `Nothing was removed. Stop ${leader} on its host: another member then leads. Then run \`up\` again.`,
  });
}
