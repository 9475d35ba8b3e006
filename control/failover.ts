/** Failover by hand: what each member has, and the call that makes one of them lead. */
import type { MemberAccess } from "../model/access";
import { place } from "./docker";
import { ControlError, excerpt, finding, unreachable } from "./errors";
import { httpFrom } from "./http";
import { clusterView, leaderOf } from "./patroni";
import { viewText } from "./leadership";
import { NotYet, until } from "./until";

/** How far a member is, as it tells itself. */
export interface Position {
  readonly name: string;
  /** Patroni's word for its PostgreSQL, or why it gave no answer. */
  readonly state: string;
  readonly timeline: number | null;
  /** Byte position in the WAL that it has received, or written; null when unknown. */
  readonly received: number | null;
  readonly replayed: number | null;
  /** False when its Patroni does not answer: it cannot lead. */
  readonly answers: boolean;
}

interface Answer {
  readonly state?: string;
  readonly timeline?: number;
  readonly xlog?: {
    readonly location?: number;
    readonly received_location?: number;
    readonly replayed_location?: number;
  };
}

/** Asks every member at once; one that does not answer is a finding. */
export function positions(
  members: readonly MemberAccess[],
  timeoutMs: number,
): Promise<Position[]> {
  return Promise.all(members.map((member) => positionOf(member, timeoutMs)));
}

async function positionOf(member: MemberAccess, timeoutMs: number): Promise<Position> {
  const { name, address, apiPort: port } = member;
  try {
    const request = { method: "GET", path: "/patroni", address, port, timeoutMs } as const;
    return readPosition(name, JSON.parse((await httpFrom(member, request)).body));
  } catch (error) {
    const nothing = { timeline: null, received: null, replayed: null };
    return { name, state: `does not answer: ${finding(error)}`, ...nothing, answers: false };
  }
}

/** What an answer of `GET /patroni` says; pure. */
export function readPosition(name: string, answer: unknown): Position {
  const { state, timeline, xlog } = (answer ?? {}) as Answer;
  return {
    name,
    state: state ?? "unknown",
    timeline: timeline ?? null,
    received: xlog?.received_location ?? xlog?.location ?? null,
    replayed: xlog?.replayed_location ?? xlog?.location ?? null,
    answers: true,
  };
}

/** Makes a member lead a cluster without a leader; returns once it does, and takes writes. */
export async function failover(
  members: readonly MemberAccess[],
  candidate: MemberAccess,
  timeoutMs: number,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  const said = await ask(candidate, timeoutMs);
  const rest = { timeoutMs: Math.max(1000, end - Date.now()), retry: unreachable };
  await until(`${candidate.name} leading`, rest, async () => {
    const view = await clusterView(members);
    const leader = leaderOf(view)?.name;
    if (leader === candidate.name) return;
    // Patroni takes another one where the candidate turns out not to be able to.
    if (leader !== undefined) throw refused(candidate, `${leader} leads instead, after "${said}"`);
    throw new NotYet(`Patroni answered "${said}"; ${viewText(view)}`);
  });
}

/** Patroni's words; those of a refusal are an error, "unknown" or "failed" may still come true. */
async function ask(candidate: MemberAccess, timeoutMs: number): Promise<string> {
  const answer = await httpFrom(candidate, {
    method: "POST",
    path: "/failover",
    address: candidate.address,
    port: candidate.apiPort,
    body: { candidate: candidate.name },
    timeoutMs,
  });
  if (answer.status === 200 || answer.status === 503) return excerpt(answer.body, 200);
  throw refused(
    candidate,
    `Patroni answered ${answer.status}: ${excerpt(answer.body) || "nothing"}`,
  );
}

function refused(candidate: MemberAccess, found: string): ControlError {
  return new ControlError({
    doing: `fail over to ${candidate.name}`,
    where: `member ${candidate.name}, ${place(candidate)}`,
    found,
    remedy: `See how the cluster is now (ops -- status) and what it logged: ops -- logs ${candidate.name}`,
  });
}
