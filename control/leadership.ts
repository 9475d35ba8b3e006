/** Moving leadership on purpose: who may take it, the move, and the gate before a member goes away. */
import type { MemberAccess } from "../model/access";
import { ControlError, describe, unreachable } from "./errors";
import {
  clusterView,
  isSynchronous,
  leaderOf,
  leads,
  type ClusterMember,
  type ClusterView,
} from "./patroni";
import { checkpoint, switchPaused } from "./handover";
import { lastWords } from "./lastLines";
import type { Front } from "./traffic";
import { NotYet, until } from "./until";

/** Worth asking again: nothing answered, or Patroni refused for the moment. */
const refusedOrUnreachable = (error: unknown): boolean => error instanceof ControlError;

/** Whether a replica streams with a known lag of at most `maximumLag` bytes. */
export function isStreaming(member: ClusterMember, maximumLag: number): boolean {
  const lag = member.lag ?? 0;
  return member.state === "streaming" && lag !== "unknown" && lag <= maximumLag;
}

/** Short text of a view, for errors. */
export function viewText(view: ClusterView): string {
  const parts = view.members.map(
    (member) =>
      `${member.name} ${member.role} ${member.state} timeline ${member.timeline ?? "?"} lag ${member.lag ?? 0}`,
  );
  return parts.join("; ") || "no members";
}

/**
 * Best member to lead instead of `leader`: a synchronous standby before any other, then one that
 * stands before it in `order` (already rolled), then the last in `order`.
 */
export function chooseCandidate(
  view: ClusterView,
  leader: string,
  order: readonly string[],
): string | undefined {
  const own = order.indexOf(leader);
  const rank = (member: ClusterMember): number => {
    const index = order.indexOf(member.name);
    const synchronous = isSynchronous(member) ? 1000 : 0;
    return synchronous + (index >= 0 && index < own ? 500 : 0) + index;
  };
  return view.members
    .filter(
      (member) => !leads(member) && member.state === "streaming" && order.includes(member.name),
    )
    .sort((left, right) => rank(right) - rank(left))[0]?.name;
}

/** Moves leadership away from a member; returns the new leader's name. */
export async function moveLeadership(
  members: readonly MemberAccess[],
  from: string,
  limits: {
    readonly timeoutMs: number;
    readonly maximumLag: number;
    readonly to?: string | undefined;
    /** Endpoints and pools, paused while it moves; left out, clients meet a broken connection. */
    readonly front?: Front | undefined;
    /** Told what a person should know. */
    readonly note?: ((text: string) => void) | undefined;
  },
): Promise<string> {
  const order = members.map((member) => member.name);
  const { timeoutMs, maximumLag } = limits;
  const end = Date.now() + timeoutMs;
  await checkpoint(members, from, limits.note);
  await until(
    `leadership moved away from ${from}`,
    { timeoutMs, intervalMs: 500, retry: refusedOrUnreachable },
    async () => {
      const view = await clusterView(members);
      const leader = leaderOf(view);
      if (leader === undefined) throw new NotYet(`no leader: ${viewText(view)}`);
      if (leader.name !== from) return;
      const to = limits.to ?? chooseCandidate(view, from, order);
      if (to === undefined) throw new NotYet(`no replica streams: ${viewText(view)}`);
      await switchPaused(members, from, to, limits);
      throw new NotYet("switched over, not seen yet");
    },
  );
  const rest = Math.max(1000, end - Date.now());
  return followsAnother(members, from, { timeoutMs: rest, maximumLag });
}

/** Returns the new leader once the old one streams from it. */
async function followsAnother(
  members: readonly MemberAccess[],
  from: string,
  limits: { readonly timeoutMs: number; readonly maximumLag: number },
): Promise<string> {
  const wait = { timeoutMs: limits.timeoutMs, retry: unreachable };
  return until(`${from} streaming from the new leader`, wait, async () => {
    const view = await clusterView(members);
    const leader = leaderOf(view);
    const old = view.members.find((member) => member.name === from);
    const follows = old !== undefined && isStreaming(old, limits.maximumLag);
    if (leader === undefined || leader.name === from || !follows) throw new NotYet(viewText(view));
    return leader.name;
  });
}

/** Refuses to work on a paused cluster: stopping a member would neither move nor release its lead. */
export function refusePaused(view: ClusterView, doing: string): void {
  if (view.pause !== true) return;
  throw new ControlError({
    doing,
    where: `cluster ${view.scope ?? ""}`,
    found: "Patroni is paused (maintenance mode), so that a stopped leader is not replaced",
    remedy: "Resume it (`npm run ops -- resume`), then run `up` again.",
  });
}

/**
 * The strict gate: returns the view once there is a leader and every member but `except` streams
 * or leads, with lag under the limit. Who does not in time is named, with the end of its log.
 */
export async function gate(
  members: readonly MemberAccess[],
  except: string | undefined,
  limits: { readonly timeoutMs: number; readonly maximumLag: number },
): Promise<ClusterView> {
  const doing = except === undefined ? "pass the gate" : `take ${except} out`;
  const counted = members.filter(({ name }) => name !== except);
  let behind: MemberAccess[] = [];
  try {
    return await until(
      "a leader and streaming replicas",
      { timeoutMs: limits.timeoutMs, intervalMs: 500, retry: unreachable },
      async () => {
        const view = await clusterView(members);
        refusePaused(view, doing);
        const bad = notReady(view, members, except, limits.maximumLag);
        if (bad.length === 0) return view;
        behind = counted.filter(({ name }) => trouble(view, name, limits.maximumLag));
        throw new NotYet(`${bad.join(", ")} [${viewText(view)}]`);
      },
    );
  } catch (error) {
    const where = `members ${members.map((member) => member.name).join(", ")}`;
    throw await shut({ doing, where, behind }, error);
  }
}

async function shut(
  { behind, ...at }: { doing: string; where: string; behind: readonly MemberAccess[] },
  error: unknown,
): Promise<ControlError> {
  const words = await Promise.all(behind.map(lastWords));
  return new ControlError(
    {
      ...at,
      found: [describe(error), ...words].join("\n"),
      remedy:
        `${words.length > 0 ? "\n" : ""}Nothing was taken out. Repair the named members first, or mend the change that they came up with, ` +
        "then run `up` again. A cluster that never came up: `npm run down`, then `npm run up`.",
    },
    error,
  );
}

/** Why a member cannot be counted on; undefined when it leads, or streams. */
function trouble(view: ClusterView, name: string, maximumLag: number): string | undefined {
  const seen = view.members.find((member) => member.name === name);
  if (seen === undefined) return `${name} is not in the cluster`;
  if (leads(seen) || isStreaming(seen, maximumLag)) return undefined;
  return `${name} does not stream (${seen.state}, lag ${seen.lag ?? 0})`;
}

/** One sentence for each thing that stands in the way. */
export function notReady(
  view: ClusterView,
  members: readonly Pick<MemberAccess, "name">[],
  except: string | undefined,
  maximumLag: number,
): string[] {
  const troubles = members
    .filter(({ name }) => name !== except)
    .map(({ name }) => trouble(view, name, maximumLag))
    .filter((one) => one !== undefined);
  return [...(leaderOf(view) === undefined ? ["there is no running leader"] : []), ...troubles];
}
