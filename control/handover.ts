/** Planned moves of leadership under load: pools wait, and no longer than until somebody leads. */
import type { MemberAccess } from "../model/access";
import { UnreachableError, describe } from "./errors";
import { execChecked } from "./exec";
import { clusterView, memberStatus, switchover } from "./patroni";
import { onMember } from "./sqlSession";
import { pauseAll, serveReaders, steer, type Front } from "./traffic";
import { NotYet, until } from "./until";

const unreachable = (error: unknown): boolean => error instanceof UnreachableError;

/** Clients, and who is told what a person should know. */
export interface Handover {
  readonly front?: Front | undefined;
  readonly note?: ((text: string) => void) | undefined;
}

/** The member of a name; throws when there is none. */
function memberOf(members: readonly MemberAccess[], name: string): MemberAccess {
  const member = members.find((item) => item.name === name);
  if (member === undefined) throw new Error(`member ${name} is not among the members given`);
  return member;
}

/** A checkpoint beforehand makes the leader's own one at shutdown short. */
export async function checkpoint(members: readonly MemberAccess[], name: string): Promise<void> {
  const member = memberOf(members, name);
  await onMember(member, "postgres", (client) => client.query("CHECKPOINT"));
}

/**
 * Moves leadership by `move`, which returns the new leader once it takes writes. The pools of readers
 * wait too: what they have to the new leader, and to the old one where no replica was left, ends.
 */
async function handOver(
  members: readonly MemberAccess[],
  from: string,
  { front, note = () => undefined }: Handover & { readonly front: Front },
  move: () => Promise<string>,
): Promise<string> {
  await serveReaders(front, from, await clusterView(members));
  const paused = await pauseAll(front, note);
  try {
    const to = await move();
    await steer(front, from, to);
    return to;
  } finally {
    await paused.resume();
  }
}

/**
 * Patroni's switchover, with the pools paused until the new leader takes writes. The third member
 * follows 2 s after the move (a fixed wait in Patroni), and with synchronous replication no commit
 * returns before it does.
 */
export async function switchPaused(
  members: readonly MemberAccess[],
  from: string,
  to: string,
  { front, note }: Handover,
): Promise<void> {
  if (front === undefined) return switchover(members, from, to);
  const candidate = [memberOf(members, to)];
  await handOver(members, from, { front, note }, async () => {
    // Patroni looks only once a second whether it is done: the new leader knows earlier.
    const asked = switchover(members, from, to).then(() => newLeader(candidate));
    return Promise.race([newLeader(candidate), asked]);
  });
}

/**
 * Has the leader's Patroni end, which hands leadership to a streaming replica and, unlike a
 * switchover, without a wait in the others. Its container is started again by its restart policy and
 * comes back as a replica, should nobody take it away. Returns the new leader's name.
 */
export async function endLeader(
  members: readonly MemberAccess[],
  leader: MemberAccess,
  handover: Handover & { readonly front: Front },
): Promise<string> {
  const others = members.filter((member) => member.name !== leader.name);
  await checkpoint(members, leader.name);
  return handOver(members, leader.name, handover, async () => {
    await execChecked(leader, ["sh", "-c", "kill -TERM 1"]);
    return newLeader(others);
  });
}

/** Until it answers again Patroni has no handler for SIGTERM, and a stop would last all its grace. */
export async function backAgain(member: MemberAccess, note: (text: string) => void): Promise<void> {
  const limits = { timeoutMs: 30_000, intervalMs: 250, retry: unreachable };
  try {
    await until(`${member.name} answering again`, limits, () => memberStatus(member));
  } catch (error) {
    note(`stopping ${member.name} may take long: ${describe(error)}`);
  }
}

/** The first of the members that takes writes: the lock moves before PostgreSQL is promoted. */
async function newLeader(members: readonly MemberAccess[]): Promise<string> {
  const limits = { timeoutMs: 60_000, intervalMs: 50, retry: unreachable };
  return until("a new leader that takes writes", limits, async () => {
    const seen = await Promise.all(members.map(memberStatus));
    const leads = seen.findIndex(
      ({ role, state }) => /^(primary|master|leader)$/.test(role) && state === "running",
    );
    const found = members[leads];
    if (found === undefined) throw new NotYet(seen.map(({ role }) => role).join(", "));
    return found.name;
  });
}
