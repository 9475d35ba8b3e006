/** SQL on a live cluster: `pg` over a stream into the member's container, peer authentication. */
import { checkServerIdentity } from "node:tls";
import type { Client } from "pg";
import type { ContainerAccess, MemberAccess } from "../model/access";
import { dial } from "./dial";
import { containerKey, place } from "./docker";
import { UnreachableError, describe, finding } from "./errors";
import { clusterView, leaderOf } from "./patroni";
import { Recent } from "./recent";
import { CONNECT_MS, connected, onMember, sqlState } from "./sqlSession";
import { NotYet, until } from "./until";

/**
 * Whether a failure may be that of a failover or a start, and the same work worth another try:
 * connection lost or refused, server stopping or starting, or a leader that became read-only.
 */
function isTransient(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined)
    return /^(08|57P0)/.test(state) || ["25006", "40001", "53300"].includes(state);
  if (error instanceof UnreachableError) return true;
  return /Connection terminated|connection.*closed|ECONNRESET|EPIPE|timeout/i.test(describe(error));
}

/** A TCP endpoint, and who connects. */
export interface TcpLogin {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly caCertificate: string;
}

/** Runs `work` on a TLS connection that is opened from inside a container; identity = address. */
export async function throughEndpoint<T>(
  from: ContainerAccess,
  login: TcpLogin,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { address, port, user, password, database } = login;
  const ssl = {
    ca: login.caCertificate,
    checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(address, certificate),
  };
  const where = `${address}:${port} from ${place(from)}`;
  const config = { user, password, database, ssl, query_timeout: CONNECT_MS };
  const client = await connected(config, dial(from, { address, port }), where);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const leaders = new Recent<MemberAccess>(1000);

/** The member that leads; fails with what was seen when there is none. */
export async function findLeader(members: readonly MemberAccess[]): Promise<MemberAccess> {
  const view = await clusterView(members);
  const leader = leaderOf(view);
  const found = members.find((member) => member.name === leader?.name);
  if (found !== undefined) return found;
  const seen = view.members.map((member) => `${member.name} ${member.role} ${member.state}`);
  throw new UnreachableError({
    doing: "find the leader",
    where: `members ${members.map((member) => member.name).join(", ")}`,
    found: `no running leader; the cluster view has ${seen.join(", ") || "no members"}`,
    remedy:
      "Look at the members' logs; Patroni elects a leader once the consensus store has a quorum.",
  });
}

/** `findLeader`, asked once for all who ask within a second. */
function recentLeader(members: readonly MemberAccess[]): Promise<MemberAccess> {
  const key = members.map(containerKey).join();
  return leaders.get(key, () => findLeader(members));
}

/**
 * Runs idempotent work on the leader as superuser; begins again on a failover or while there is
 * no leader, until the deadline.
 */
export async function withLeader<T>(
  members: readonly MemberAccess[],
  options: { readonly database: string; readonly timeoutMs: number },
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const limits = { timeoutMs: options.timeoutMs, intervalMs: 500, retry: isTransient };
  return until("a leader that takes SQL", limits, async () => {
    const leader = await recentLeader(members);
    return onMember(leader, options.database, async (client) => {
      const answer = await client.query<{ standby: boolean }>(
        "SELECT pg_is_in_recovery() AS standby",
      );
      if (answer.rows[0]?.standby !== false) throw new NotYet(`${leader.name} leads no more`);
      return work(client);
    });
  });
}

/**
 * Reads as superuser: on the leader, or where there is none on any member that takes SQL, since
 * the catalogs are the same on all.
 */
export async function readAnywhere<T>(
  members: readonly MemberAccess[],
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const leader = await recentLeader(members).catch((error: unknown) => {
    if (error instanceof UnreachableError) return undefined;
    throw error;
  });
  const others = members.filter((member) => member.name !== leader?.name);
  const said: string[] = [];
  for (const member of leader === undefined ? others : [leader, ...others]) {
    try {
      return await onMember(member, database, work);
    } catch (error) {
      if (!isTransient(error)) throw error;
      said.push(`${member.name}: ${finding(error)}`);
    }
  }
  throw new UnreachableError({
    doing: `read from database ${database}`,
    where: `members ${members.map((member) => member.name).join(", ")}`,
    found: `none takes SQL. ${said.join(" | ")}`,
    remedy: "Look at the members' logs; Patroni runs PostgreSQL once the consensus store answers.",
  });
}
