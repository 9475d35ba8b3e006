/**
 * Clocks of hosts. Consul counts time to live on one server and by a monotonic clock, and Patroni
 * relies on that, so that nothing fails at once; but point-in-time recovery, pgBackRest's file
 * times, lag in seconds and the lifetimes of certificates go by the clocks. The limits are those of
 * others who compare clocks: etcd complains above 1 s between peers, EnterpriseDB's `pgd
 * show-clockskew` calls more than 5 s critical.
 */
import type { Problem } from "./problem";

const TOLD_MS = 1000;
const REFUSED_MS = 5000;
/** Certificates are valid from five minutes before they are made, by this machine's clock. */
const OPERATOR_MS = 60_000;

/** A host's clock less this machine's, in ms: the true value lies between the two. */
export interface HostClock {
  readonly host: string;
  readonly clock: readonly [number, number];
}

/** What is wrong with the clocks, against this machine's and against each other's. */
export function judgeClocks(clocks: readonly HostClock[]): Problem[] {
  const ownClock = clocks.flatMap((one) => compare(one, { host: "", clock: [0, 0] }));
  const pairs = clocks.flatMap((one, index) =>
    clocks.slice(index + 1).flatMap((other) => compare(one, other)),
  );
  return [...ownClock, ...pairs];
}

/** Only what is certain counts: how far the two are apart at least, whatever the way took. */
function compare(one: HostClock, other: HostClock): Problem[] {
  const ahead = one.clock[0] - other.clock[1];
  const behind = other.clock[0] - one.clock[1];
  const apart = Math.max(ahead, behind);
  const operator = other.host === "";
  if (apart <= (operator ? REFUSED_MS : TOLD_MS)) return [];
  const than = operator ? "this machine's" : `that of host ${other.host}`;
  return [
    {
      host: one.host,
      found: `its clock is ${(apart / 1000).toFixed(1)} s ${ahead > 0 ? "ahead of" : "behind"} ${than}`,
      needed: `${(operator ? REFUSED_MS : TOLD_MS) / 1000} s at most`,
      remedy: "Set the clocks by NTP on all of them: timedatectl set-ntp true.",
      ...(apart <= (operator ? OPERATOR_MS : REFUSED_MS) ? { warning: true as const } : {}),
    },
  ];
}
