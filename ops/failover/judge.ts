/** Which member may lead a cluster without a leader, and what is lost with it; pure. */
import { ControlError } from "../../control/errors";
import type { Position } from "../../control/failover";
import { viewText } from "../../control/leadership";
import { type ClusterView, leaderOf } from "../../control/patroni";
import { bytes, table } from "../table";

/** Throws where a failover is not the way: somebody leads, or the candidate cannot. */
export function checkFailover(
  view: ClusterView,
  found: readonly Position[],
  candidate: string,
): void {
  const leader = leaderOf(view)?.name;
  const refuse = (what: string, remedy: string): ControlError =>
    new ControlError({
      doing: `fail over to ${candidate}`,
      where: `cluster ${view.scope ?? ""}`,
      found: `${what} [${viewText(view)}]`,
      remedy: `Nothing was done. ${remedy}`,
    });
  if (leader === candidate) throw refuse("it leads already", "There is nothing to fail over.");
  if (leader !== undefined) {
    throw refuse(
      `${leader} leads`,
      `Move leadership in order: ops -- switchover --to ${candidate}. If its host is dead, Patroni replaces it by itself within the profile's ttl.`,
    );
  }
  if (found.find(({ name }) => name === candidate)?.answers !== true) {
    throw refuse(`${candidate} does not answer`, "Start it, or name a member that answers.");
  }
}

/** One sentence for each thing that a person should know before going on. */
export function failoverWarnings(
  view: ClusterView,
  found: readonly Position[],
  candidate: string,
): string[] {
  const warnings = [
    "Writes that only the old leader had are lost: when it comes back it is rewound to the new one.",
  ];
  const own = found.find(({ name }) => name === candidate);
  const role = view.members.find(({ name }) => name === candidate)?.role;
  if (role === "replica") {
    warnings.push(`${candidate} was no synchronous standby: it may lack acknowledged commits.`);
  }
  if (own === undefined || own.received === null) {
    warnings.push(`It is not known how much ${candidate} has.`);
  }
  return [...warnings, ...found.flatMap((other) => ahead(other, own, candidate))];
}

/** A member that has more than the candidate: a later timeline, or more WAL on the same. */
function ahead(other: Position, own: Position | undefined, candidate: string): string[] {
  if (own === undefined || other.name === candidate) return [];
  if ((other.timeline ?? 0) > (own.timeline ?? 0)) {
    return [`${other.name} is on timeline ${other.timeline}, later than ${candidate}'s.`];
  }
  const more = (other.received ?? 0) - (own.received ?? 0);
  if (other.timeline !== own.timeline || more <= 0) return [];
  return [`${other.name} has ${bytes(more)} more than ${candidate}: it would lose less.`];
}

/** What each member has, as a table. */
export function positionTable(view: ClusterView, found: readonly Position[]): string {
  const most = Math.max(0, ...found.map(({ received }) => received ?? 0));
  return table(
    ["MEMBER", "ROLE", "STATE", "TIMELINE", "RECEIVED", "REPLAYED", "BEHIND THE FURTHEST"],
    found.map(({ name, state, timeline, received, replayed }) => [
      name,
      view.members.find((member) => member.name === name)?.role ?? "unknown",
      state,
      timeline === null ? "-" : String(timeline),
      lsn(received),
      lsn(replayed),
      received === null ? "unknown" : bytes(most - received),
    ]),
  );
}

/** A WAL position as PostgreSQL writes it: `0/14000060`. */
export function lsn(position: number | null): string {
  if (position === null) return "-";
  const high = Math.floor(position / 2 ** 32);
  return `${high.toString(16)}/${(position % 2 ** 32).toString(16)}`.toUpperCase();
}
