/** Patroni's REST API, asked from inside the members' own containers. */
import type { MemberAccess } from "../model/access";
import { place } from "./docker";
import { ControlError, UnreachableError, excerpt, finding } from "./errors";
import { httpFrom, type HttpAnswer, type HttpRequest } from "./http";

/** A member as the cluster view shows it. */
export interface ClusterMember {
  readonly name: string;
  /** `leader`, `standby_leader`, `replica`, `sync_standby`, `quorum_standby`. */
  readonly role: string;
  /** `running`, `streaming`, `starting`, `stopped`, ... */
  readonly state: string;
  readonly timeline?: number | undefined;
  /** Bytes behind the leader; `unknown` when it cannot be told. */
  readonly lag?: number | "unknown" | undefined;
  readonly pending_restart?: boolean | undefined;
}

/** The cluster, as `GET /cluster` tells it. */
export interface ClusterView {
  readonly scope?: string | undefined;
  readonly members: readonly ClusterMember[];
  readonly pause?: boolean | undefined;
}

/** Status of one member, as `GET /patroni` tells it. */
export interface MemberStatus {
  readonly state: string;
  readonly role: string;
  readonly server_version?: number | undefined;
  readonly timeline?: number | undefined;
  readonly pending_restart?: boolean | undefined;
  readonly database_system_identifier?: string | undefined;
  /** Unix time of the last read of the consensus store. */
  readonly dcs_last_seen?: number | undefined;
  readonly postmaster_start_time?: string | undefined;
}

/** Sends a request to one member's API. */
async function patroniRequest(
  member: MemberAccess,
  request: Pick<HttpRequest, "method" | "path" | "body" | "timeoutMs">,
): Promise<HttpAnswer> {
  return httpFrom(member, { ...request, address: member.address, port: member.apiPort });
}

function parse<T>(member: MemberAccess, path: string, answer: HttpAnswer): T {
  try {
    return JSON.parse(answer.body) as T;
  } catch (error) {
    throw refused(member, `read ${path} of Patroni`, answer, error);
  }
}

function refused(
  member: MemberAccess,
  doing: string,
  answer: HttpAnswer,
  cause?: unknown,
): ControlError {
  return new ControlError(
    {
      doing,
      where: `member ${member.name}, ${place(member)}`,
      found: `it answered ${answer.status}: ${excerpt(answer.body) || "nothing"}`,
      remedy: `Look at its log: docker logs --tail 50 ${member.container}`,
    },
    cause,
  );
}

/** Asks the members in turn and gives the first answer; fails with what each of them said. */
async function fromAny<T>(
  doing: string,
  members: readonly MemberAccess[],
  ask: (member: MemberAccess) => Promise<T>,
): Promise<T> {
  const said: string[] = [];
  for (const member of members) {
    try {
      return await ask(member);
    } catch (error) {
      said.push(`${member.name}: ${finding(error)}`);
    }
  }
  throw new UnreachableError({
    doing,
    where: `members ${members.map((member) => member.name).join(", ")}`,
    found: said.length === 0 ? "there are no members" : `none answered. ${said.join(" | ")}`,
    remedy: "Start the members' containers, or run `up` to make missing ones again.",
  });
}

/** The cluster as the first member that answers sees it. */
export async function clusterView(members: readonly MemberAccess[]): Promise<ClusterView> {
  return fromAny("read the cluster view", members, async (member) => {
    const answer = await patroniRequest(member, {
      method: "GET",
      path: "/cluster",
      timeoutMs: 5000,
    });
    if (answer.status !== 200) throw refused(member, "read the cluster view", answer);
    return parse<ClusterView>(member, "/cluster", answer);
  });
}

/** Whether a member of the view leads. */
export function leads(member: ClusterMember): boolean {
  return member.role === "leader" || member.role === "standby_leader" || member.role === "master";
}

/** Whether Patroni counts a member among those that a commit waits for. */
export function isSynchronous({ role }: Pick<ClusterMember, "role">): boolean {
  return role === "sync_standby" || isCounted({ role });
}

/** Whether the vote of `synchronous: quorum` counts a member. */
export function isCounted({ role }: Pick<ClusterMember, "role">): boolean {
  return role === "quorum_standby";
}

/** The leader of a view, when it runs. */
export function leaderOf(view: ClusterView): ClusterMember | undefined {
  return view.members.find((member) => leads(member) && member.state === "running");
}

/** Status of one member; it answers whatever its state (503 included). */
export async function memberStatus(member: MemberAccess): Promise<MemberStatus> {
  const answer = await patroniRequest(member, { method: "GET", path: "/patroni", timeoutMs: 5000 });
  return parse<MemberStatus>(member, "/patroni", answer);
}

/** Dynamic configuration; undefined before the cluster is bootstrapped. */
export async function getConfig(
  members: readonly MemberAccess[],
): Promise<Record<string, unknown> | undefined> {
  return fromAny("read the dynamic configuration", members, async (member) => {
    const answer = await patroniRequest(member, {
      method: "GET",
      path: "/config",
      timeoutMs: 5000,
    });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refused(member, "read the dynamic configuration", answer);
    return parse<Record<string, unknown>>(member, "/config", answer);
  });
}

/** Merges into the dynamic configuration; null removes a key. */
export async function patchConfig(
  members: readonly MemberAccess[],
  patch: Record<string, unknown>,
): Promise<void> {
  await fromAny("change the dynamic configuration", members, async (member) => {
    const answer = await patroniRequest(member, { method: "PATCH", path: "/config", body: patch });
    if (answer.status !== 200) throw refused(member, "change the dynamic configuration", answer);
  });
}

/** Moves leadership; the answer comes when it moved. */
export async function switchover(
  members: readonly MemberAccess[],
  leader: string,
  candidate: string,
): Promise<void> {
  const doing = `switch over from ${leader} to ${candidate}`;
  const ask = (member: MemberAccess): Promise<HttpAnswer> =>
    patroniRequest(member, {
      method: "POST",
      path: "/switchover",
      body: { leader, candidate },
      timeoutMs: 60_000,
    });
  const [first, second] = [memberNamed(members, leader), memberNamed(members, candidate)];
  // Any member takes the wish. One that was taken is refused by the next: another one leads by then.
  const answer = await ask(first).catch((error: unknown) => {
    if (!(error instanceof ControlError)) throw error;
    return ask(second);
  });
  if (answer.status !== 200) throw refused(first, doing, answer);
}

/** The member of a name; throws when there is none. */
export function memberNamed(members: readonly MemberAccess[], name: string): MemberAccess {
  const found = members.find((member) => member.name === name);
  if (found === undefined) throw new Error(`member ${name} is not among the members given`);
  return found;
}

/** Restarts PostgreSQL of one member; the answer comes when it runs again. */
export async function restartMember(member: MemberAccess, timeoutMs: number): Promise<void> {
  const answer = await patroniRequest(member, {
    method: "POST",
    path: "/restart",
    body: {},
    timeoutMs,
  });
  if (answer.status !== 200) throw refused(member, "restart PostgreSQL", answer);
}
