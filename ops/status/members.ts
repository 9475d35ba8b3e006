/** Members and leader: Patroni's view, corrected by what the engines say of the containers. */
import { describe } from "../../control/errors";
import { type ClusterMember, clusterView, leaderOf, leads } from "../../control/patroni";
import type { MemberAccess } from "../../model/access";
import { withDeadline } from "../deadline";
import { type ContainerProblem, type Findings, type MemberRow, UNREACHABLE } from "./types";

const TIMEOUT_MS = 15_000;

/** The part of the findings that is about members. */
export type MemberFindings = Pick<Findings, "leader" | "paused" | "members" | "membersError">;

/** Asks the members. `absent` are containers that do not run: a view may be as old as its ttl. */
export async function findMembers(
  members: readonly MemberAccess[],
  absent: readonly ContainerProblem[],
): Promise<MemberFindings> {
  const gone = new Map(absent.map((one) => [one.container, one.found]));
  const alive = members.filter(({ container }) => !gone.has(container));
  try {
    const where = members.map(({ name }) => name).join(", ");
    const call = { doing: "ask the members", where, timeoutMs: TIMEOUT_MS };
    const view = await withDeadline(call, clusterView(alive));
    const rows = members.map((member) => {
      const seen = view.members.find(({ name }) => name === member.name);
      return memberRow(member, seen, gone.get(member.container));
    });
    const leader = leaderOf(view)?.name ?? null;
    // On a host that cannot be reached from here it may well run: the endpoints tell.
    const runs = members.some(
      ({ name, container }) =>
        name === leader && (gone.get(container) ?? UNREACHABLE) === UNREACHABLE,
    );
    const paused = view.pause === true;
    return { leader: runs ? leader : null, paused, members: rows, membersError: null };
  } catch (error) {
    const rows = members.map((member) => memberRow(member, undefined, gone.get(member.container)));
    return { leader: null, paused: false, members: rows, membersError: describe(error) };
  }
}

/** A member as Patroni sees it; a container that does not run overrules that. Pure. */
export function memberRow(
  member: Pick<MemberAccess, "name" | "host">,
  seen: ClusterMember | undefined,
  gone: string | undefined,
): MemberRow {
  const leading = seen !== undefined && leads(seen);
  return {
    name: member.name,
    host: member.host.name,
    role: roleOf(seen),
    state: gone ?? seen?.state ?? "not in the cluster",
    timeline: seen?.timeline ?? null,
    lagBytes: leading || typeof seen?.lag !== "number" ? null : seen.lag,
    sync: leading || seen === undefined ? null : syncOf(seen.role),
    pendingRestart: seen?.pending_restart === true,
  };
}

function roleOf(seen: ClusterMember | undefined): string {
  if (seen === undefined) return "unknown";
  return /^(sync|quorum)_standby$/.test(seen.role) ? "replica" : seen.role;
}

function syncOf(role: string): MemberRow["sync"] {
  if (role === "quorum_standby") return "quorum";
  return role === "sync_standby" ? "sync" : "async";
}
