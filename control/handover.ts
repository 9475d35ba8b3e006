/** Planned moves of leadership under load: pools wait, and no longer than until somebody leads. */
import type { MemberAccess } from "../model/access";
import { Conversation } from "./conversation";
import { describe, unreachable } from "./errors";
import { takeHelm } from "./helm";
import { watchForLeader } from "./leaderWatch";
import {
  clusterView,
  isCounted,
  memberNamed,
  memberStatus,
  switchover,
  type ClusterMember,
  type ClusterView,
} from "./patroni";
import { onMember } from "./sqlSession";
import { allPoolsReady, running, serveReaders, type Front } from "./traffic";
import { NotYet, until } from "./until";

/** Ends Patroni when it is told to; its own stop signal, without Docker taking it for a stop for good. */
const END = ["sh", "-c", "read -r now && kill -TERM 1"];

/** Clients, and who is told what a person should know. */
export interface Handover {
  readonly front?: Front | undefined;
  readonly note?: ((text: string) => void) | undefined;
}

/**
 * A checkpoint beforehand makes the leader's own one at shutdown short. Where its host cannot be reached
 * there is none, which `note` is told: to move leadership away from it may be just what is wanted.
 */
export async function checkpoint(
  members: readonly MemberAccess[],
  name: string,
  note: (text: string) => void = () => undefined,
): Promise<void> {
  const member = memberNamed(members, name);
  try {
    await onMember(member, "postgres", (client) => client.query("CHECKPOINT"));
  } catch (error) {
    if (!unreachable(error)) throw error;
    note(`no checkpoint beforehand, so the move may take longer: ${describe(error)}`);
  }
}

/**
 * Moves leadership by `move` to one of `candidates`. Whatever it needs in containers is started before
 * the pools are paused: from then on only words are sent. The pools of readers wait too: what they have
 * to the new leader, and to the old one where no replica was left, ends.
 */
async function handOver(
  members: readonly MemberAccess[],
  from: string,
  candidates: readonly MemberAccess[],
  { front, note = () => undefined }: Handover & { readonly front: Front },
  move: () => Promise<void>,
): Promise<string> {
  await serveReaders(front, from, await clusterView(members));
  const begun: { end(): void }[] = [];
  const keep = <T extends { end(): void }>(one: T): T => (begun.push(one), one);
  try {
    const helm = keep(await takeHelm(await running(front.haproxies)));
    const watch = keep(await watchForLeader(candidates));
    const pools = keep(await allPoolsReady(front, note));
    const paused = await pools.pause();
    try {
      // Patroni looks only once a second whether it is done: the new leader knows earlier.
      const to = await Promise.race([watch.first(), move().then(() => watch.first())]);
      await helm.steer(from, to);
      return to;
    } finally {
      await paused.resume();
    }
  } finally {
    for (const one of begun) one.end();
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
  await handOver(members, from, [memberNamed(members, to)], { front, note }, () =>
    switchover(members, from, to),
  );
}

/** Patroni counts a member that streams again within two of its loops. */
const COUNTED_MS = 15_000;

/**
 * The member that would lead after `leader` and is not counted by the vote yet; undefined when the vote
 * counts the first in `order` that streams, or counts nobody.
 */
export function notCountedYet(
  view: ClusterView,
  leader: string,
  order: readonly string[],
): ClusterMember | undefined {
  if (!view.members.some(isCounted)) return undefined;
  const first = order
    .filter((name) => name !== leader)
    .map((name) => view.members.find((one) => one.name === name))
    .find((one) => one?.state === "streaming");
  return first === undefined || isCounted(first) ? undefined : first;
}

/** Of equals the first of the roll leads next (`failover_priority`), where the vote counts it. */
async function firstInLine(
  members: readonly MemberAccess[],
  leader: string,
  note: (text: string) => void,
): Promise<void> {
  const limits = { timeoutMs: COUNTED_MS, intervalMs: 250, retry: unreachable };
  const order = members.map(({ name }) => name);
  try {
    await until("the vote counting the next leader", limits, async () => {
      const waiting = notCountedYet(await clusterView(members), leader, order);
      if (waiting !== undefined) throw new NotYet(`${waiting.name} is a ${waiting.role}`);
    });
  } catch (error) {
    note(`leadership may move once more than it needs to: ${describe(error)}`);
  }
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
  await firstInLine(members, leader.name, handover.note ?? (() => undefined));
  await checkpoint(members, leader.name, handover.note);
  const end = await Conversation.begin(leader, END);
  try {
    return await handOver(members, leader.name, others, handover, () => {
      end.say("now");
      return Promise.resolve();
    });
  } finally {
    end.end();
  }
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
