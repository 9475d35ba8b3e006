/** Makes a changed dynamic configuration take effect: wait for every member, restart in turn. */
import type { MemberAccess } from "../model/access";
import { place } from "./docker";
import { ControlError, UnreachableError, finding, unreachable } from "./errors";
import { lastWords } from "./lastLines";
import { gate, moveLeadership } from "./leadership";
import { clusterView, leaderOf, leads, memberStatus, restartMember } from "./patroni";
import { onMember } from "./sqlSession";
import { drainReplica, type Front } from "./traffic";
import { NotYet, until } from "./until";

const RESTART_MS = 180_000;
/** Replicas after a restart replay at once what was written meanwhile: 64 MB is one such moment. */
const MAXIMUM_LAG = 64 * 1024 * 1024;
const ROUNDS = 3;

/** Members that run, as the cluster view has it. */
async function runningMembers(members: readonly MemberAccess[]): Promise<MemberAccess[]> {
  const view = await clusterView(members);
  const up = view.members.filter(
    (member) => member.state === "running" || member.state === "streaming",
  );
  return members.filter((member) => up.some((seen) => seen.name === member.name));
}

/**
 * Returns when every running member has taken over the dynamic configuration as it is now. A
 * member reads it once in each of its loops and applies it at the loop's end; it tells the time of
 * the last read. Two later reads mean that the loop of the first one is through.
 */
export async function configApplied(
  members: readonly MemberAccess[],
  timeoutMs: number,
): Promise<void> {
  const running = await runningMembers(members);
  await Promise.all(running.map((member) => twoLoops(member, timeoutMs)));
}

async function twoLoops(member: MemberAccess, timeoutMs: number): Promise<void> {
  const seen: number[] = [];
  await until(
    `member ${member.name} running with the new configuration`,
    { timeoutMs, retry: unreachable },
    async () => {
      const { dcs_last_seen: last = 0 } = await memberStatus(member);
      if (seen.at(-1) !== last) seen.push(last);
      if (seen.length < 3) throw new NotYet("it has not read it yet");
    },
  );
}

/**
 * Names of running members whose PostgreSQL waits for a restart. A member that does not answer
 * (the view shows a killed one for a while) is none of them: it starts with the configuration.
 */
export async function pendingRestart(members: readonly MemberAccess[]): Promise<string[]> {
  const running = await runningMembers(members);
  const waits = await Promise.all(running.map(waitsForRestart));
  return running.filter((_, index) => waits[index]).map((member) => member.name);
}

async function waitsForRestart(member: MemberAccess): Promise<boolean> {
  try {
    return (await memberStatus(member)).pending_restart === true;
  } catch (error) {
    if (error instanceof UnreachableError) return false;
    throw error;
  }
}

/**
 * Restarts PostgreSQL where a setting waits for it: replicas one at a time, then the leader after
 * its leadership moved. A lowered limit (max_connections ...) reaches replicas only after the
 * leader runs with it, so a leader that still waits in a later round is restarted where it is.
 */
export async function rollingRestart(
  members: readonly MemberAccess[],
  front: Front,
  note: (text: string) => void,
): Promise<void> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const pending = await pendingRestart(members);
    if (pending.length === 0 && round === 1) return;
    if (pending.length === 0) return restartForgotten(members, front, note);
    if (round === 1 || members.length === 1)
      await replicasThenLeader(members, pending, front, note);
    else await leaderThenReplicas(members, pending, front, note);
  }
  const pending = await pendingRestart(members);
  if (pending.length === 0) return;
  throw new ControlError({
    doing: "restart PostgreSQL where a parameter waits for it",
    where: `members ${pending.join(", ")}`,
    found: `they still wait for a restart after ${ROUNDS} rounds`,
    remedy: "Look at their logs for a parameter that PostgreSQL refuses, then run `up` again.",
  });
}

/**
 * Restarts who runs with an old value though Patroni says nothing of it: a reload that meets a restart
 * (the second SIGHUP of member-run) has Patroni forget that one is wanted. PostgreSQL compares with its
 * file. Once, and only after restarts: no more than that hangs on what a file says.
 */
async function restartForgotten(
  members: readonly MemberAccess[],
  front: Front,
  note: (text: string) => void,
): Promise<void> {
  const running = await runningMembers(members);
  const behind = await Promise.all(running.map(runsBehindItsFile));
  const names = running.filter((_, index) => behind[index]).map(({ name }) => name);
  if (names.length === 0) return;
  note(`${names.join(", ")} still run with an old parameter, and restart once more`);
  await replicasThenLeader(members, names, front, note);
}

function runsBehindItsFile(member: MemberAccess): Promise<boolean> {
  const sql = "SELECT 1 FROM pg_file_settings WHERE NOT applied AND error IS NOT NULL";
  return onMember(member, "postgres", async (client) => {
    const { rowCount } = await client.query(sql);
    return (rowCount ?? 0) > 0;
  });
}

async function roles(
  members: readonly MemberAccess[],
  pending: readonly string[],
): Promise<{ leader: MemberAccess | undefined; replicas: MemberAccess[] }> {
  const view = await clusterView(members);
  const leader = leaderOf(view)?.name;
  const waiting = members.filter((member) => pending.includes(member.name));
  return {
    leader: waiting.find((member) => member.name === leader),
    replicas: waiting.filter((member) => member.name !== leader),
  };
}

async function replicasThenLeader(
  members: readonly MemberAccess[],
  pending: readonly string[],
  front: Front,
  note: (text: string) => void,
): Promise<void> {
  const { leader, replicas } = await roles(members, pending);
  for (const replica of replicas) await restartReplica(members, replica, front, note);
  if (leader === undefined) return;
  const view = await clusterView(members);
  const others = view.members.some((member) => !leads(member) && member.state === "streaming");
  if (others) {
    const limits = { timeoutMs: RESTART_MS, maximumLag: MAXIMUM_LAG, front, note };
    await moveLeadership(members, leader.name, limits);
    return restartReplica(members, leader, front, note);
  }
  await restartOne(members, leader);
}

async function leaderThenReplicas(
  members: readonly MemberAccess[],
  pending: readonly string[],
  front: Front,
  note: (text: string) => void,
): Promise<void> {
  const { leader, replicas } = await roles(members, pending);
  if (leader !== undefined) await restartOne(members, leader);
  for (const replica of replicas) await restartReplica(members, replica, front, note);
}

async function restartReplica(
  members: readonly MemberAccess[],
  member: MemberAccess,
  front: Front,
  note: (text: string) => void,
): Promise<void> {
  await drainReplica(front, member.name, await clusterView(members), note);
  await restartOne(members, member);
}

async function restartOne(members: readonly MemberAccess[], member: MemberAccess): Promise<void> {
  // One that is down already is one too many: this one would leave a leader without a standby. One that
  // still copies the data has never been of use, and starts with the parameters as they are by then.
  const counted = await withoutCopying(members);
  await gate(counted, member.name, { timeoutMs: RESTART_MS, maximumLag: MAXIMUM_LAG });
  try {
    await restartMember(member, RESTART_MS);
  } catch (error) {
    throw unreachable(error) ? error : await notBack(member, error);
  }
  await gate(counted, undefined, { timeoutMs: RESTART_MS, maximumLag: MAXIMUM_LAG });
}

async function withoutCopying(members: readonly MemberAccess[]): Promise<MemberAccess[]> {
  const view = await clusterView(members);
  const copying = view.members.filter(({ state }) => state === "creating replica");
  return members.filter(({ name }) => !copying.some((one) => one.name === name));
}

/** Those that were not restarted yet run on with what they started with. */
async function notBack(member: MemberAccess, error: unknown): Promise<ControlError> {
  return new ControlError(
    {
      doing: "restart PostgreSQL with the new parameters",
      where: place(member),
      found: `${finding(error)}\n${await lastWords(member)}`,
      remedy:
        "\nThe roll stops here. If the log names a parameter, mend it in the config now: members that were not " +
        "restarted yet run on, but would not start with it either. Then run `up` again.",
    },
    error,
  );
}
