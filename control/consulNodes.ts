/** Consul's own nodes: whether one may go away for a moment, and forgetting one that is gone. */
import type { ConsulAccess } from "../model/access";
import { changeConsul, readConsul, type ConsulRequest, type ConsulSession } from "./consul";
import { ControlError, UnreachableError, describe, finding, unreachable } from "./errors";
import { NotYet, until } from "./until";

/** Status of a node as gossip has it, by Consul's number. */
const GOSSIP = ["none", "alive", "leaving", "left", "failed"] as const;
/** What gossip thinks of a node. */
export type Gossip = (typeof GOSSIP)[number];

/** A server as autopilot sees it. */
export interface VotingServer {
  readonly name: string;
  readonly healthy: boolean;
  readonly votes: boolean;
}

/** What is left of a node. */
export interface NodeTraces {
  /** Undefined where gossip does not know it. */
  readonly gossip: Gossip | undefined;
  readonly inCatalog: boolean;
  /** Id of a server among those that vote. */
  readonly raftId: string | undefined;
}

/** How a node is known. */
export interface NodeName {
  readonly name: string;
  /** `ADDRESS:PORT` of a server. */
  readonly raftAddress?: string | undefined;
}

/** Servers as autopilot sees them; fails while there is no leader. */
async function votingServers(session: ConsulSession): Promise<VotingServer[]> {
  const state = await readConsul<{
    Servers?: Record<string, { Name: string; Healthy: boolean; Status: string }> | null;
  }>(session, "/v1/operator/autopilot/state");
  return Object.values(state?.Servers ?? {}).map(({ Name, Healthy, Status }) => ({
    name: Name,
    healthy: Healthy,
    votes: Status === "leader" || Status === "voter",
  }));
}

/** Nodes by name, as gossip has them where it is asked. */
async function gossip(session: ConsulSession): Promise<Map<string, Gossip>> {
  const members = await readConsul<{ Name: string; Status: number }[]>(
    session,
    "/v1/agent/members",
  );
  return new Map((members ?? []).map(({ Name, Status }) => [Name, GOSSIP[Status] ?? "none"]));
}

/**
 * What keeps a server from going away: one sentence for each of `others` that is not well, and one
 * where those that are well would be no majority. Two servers or fewer have none to spare.
 */
export function keepsServer(
  seen: readonly VotingServer[],
  name: string,
  others: readonly string[],
): string[] {
  const well = (one: VotingServer | undefined): boolean => one?.healthy === true && one.votes;
  const problems = others
    .filter((other) => !well(seen.find((one) => one.name === other)))
    .map((other) => `${other} is ${stateOf(seen.find((one) => one.name === other))}`);
  const voters = seen.filter(({ votes }) => votes).length;
  const left = seen.filter((one) => one.name !== name && well(one)).length;
  const quorum = Math.floor(voters / 2) + 1;
  if (voters >= 3 && left < quorum)
    problems.push(`${left} of ${voters} servers would be left, and their quorum is ${quorum}`);
  return problems;
}

function stateOf(server: VotingServer | undefined): string {
  if (server === undefined) return "not among the servers";
  if (!server.healthy) return "not healthy";
  return "not voting yet";
}

/** Waits until a server may go away; gives how many servers vote. */
export function serverMayGo(
  session: ConsulSession,
  name: string,
  others: readonly string[],
  timeoutMs: number,
): Promise<number> {
  return mayGo(session, name, timeoutMs, async () => {
    const seen = await votingServers(session);
    const problems = keepsServer(seen, name, others);
    if (problems.length > 0) throw new NotYet(problems.join(", "));
    return seen.filter(({ votes }) => votes).length;
  });
}

/** Waits until an agent may go away: the others are alive. */
export function agentMayGo(
  session: ConsulSession,
  name: string,
  others: readonly string[],
  timeoutMs: number,
): Promise<void> {
  return mayGo(session, name, timeoutMs, async () => {
    const seen = await gossip(session);
    const bad = others
      .filter((other) => seen.get(other) !== "alive")
      .map((other) => `agent ${other} is ${seen.get(other) ?? "unknown to gossip"}`);
    if (bad.length > 0) throw new NotYet(bad.join(", "));
  });
}

async function mayGo<T>(
  { servers }: ConsulSession,
  name: string,
  timeoutMs: number,
  probe: () => Promise<T>,
): Promise<T> {
  try {
    return await until(
      "every other Consul node being well",
      { timeoutMs, retry: unreachable },
      probe,
    );
  } catch (error) {
    throw new ControlError(
      {
        doing: `take ${name} out for a moment`,
        where: places(servers),
        found: describe(error),
        remedy:
          "Nothing was taken out. Repair what is named first (an `up` without this change makes a missing " +
          "container again), then run `up` again.",
      },
      error,
    );
  }
}

/** What has to be done next so that nothing knows a node any more; nothing when nothing does. */
export function forgettingSteps(name: string, traces: NodeTraces): ConsulRequest[] {
  const { gossip: seen, inCatalog, raftId } = traces;
  if (seen !== undefined) {
    // Forced out while it still counts as alive, each server would stand still for seconds.
    const out = seen === "left" || seen === "failed";
    const path = `/v1/agent/force-leave/${encodeURIComponent(name)}?prune`;
    return out ? [{ method: "PUT", path }] : [];
  }
  const peer = `/v1/operator/raft/peer?id=${encodeURIComponent(raftId ?? "")}`;
  const body = { Node: name };
  return [
    ...(raftId === undefined ? [] : [{ method: "DELETE", path: peer } as const]),
    ...(inCatalog ? [{ method: "PUT", path: "/v1/catalog/deregister", body } as const] : []),
  ];
}

/** Whether nothing knows a node any more. */
function isForgotten({ gossip: seen, inCatalog, raftId }: NodeTraces): boolean {
  return seen === undefined && !inCatalog && raftId === undefined;
}

async function tracesOf(session: ConsulSession, node: NodeName): Promise<NodeTraces> {
  const [seen, nodes, raft] = await Promise.all([
    gossip(session),
    readConsul<{ Node: string }[]>(session, "/v1/catalog/nodes"),
    readConsul<{ Servers: { ID: string; Address: string }[] }>(
      session,
      "/v1/operator/raft/configuration",
    ),
  ]);
  return {
    gossip: seen.get(node.name),
    inCatalog: nodes?.some(({ Node }) => Node === node.name) === true,
    // Not by its name: raft keeps none, it is found by what gossip still knows.
    raftId: raft?.Servers.find(({ Address }) => Address === node.raftAddress)?.ID,
  };
}

/** Makes the others forget a node whose process has ended; returns when none of them knows it. */
export async function forgetNode(
  session: ConsulSession,
  node: NodeName,
  timeoutMs: number,
): Promise<void> {
  // A leader may go with the node: until there is another, no change is taken.
  const retry = (error: unknown): boolean => error instanceof ControlError;
  try {
    await until(`Consul without ${node.name}`, { timeoutMs, intervalMs: 500, retry }, async () => {
      const traces = await tracesOf(session, node);
      if (isForgotten(traces)) return;
      await changeSome(session, forgettingSteps(node.name, traces));
      throw new NotYet(tracesText(traces));
    });
  } catch (error) {
    throw new ControlError(
      {
        doing: `make Consul forget ${node.name}`,
        where: places(session.servers),
        found: describe(error),
        remedy:
          "Make sure that its process has ended, and that the other servers have a leader, then run `up` " +
          "again: it goes on from here. To take down the whole cluster: `npm run down`.",
      },
      error,
    );
  }
}

/** Sends changes to the first server that takes them. */
export async function changeSome(
  { servers, token }: ConsulSession,
  changes: readonly ConsulRequest[],
): Promise<void> {
  if (changes.length === 0) return;
  const said: string[] = [];
  for (const server of servers) {
    try {
      return await changeConsul(server, token, changes);
    } catch (error) {
      said.push(`${server.container}: ${finding(error)}`);
    }
  }
  throw new UnreachableError({
    doing: changes.map(({ method, path }) => `${method} ${path}`).join(", "),
    where: places(servers),
    found: `no server took it. ${said.join(" | ")}`,
    remedy: "Look at the servers' logs; a majority of them must run.",
  });
}

function tracesText({ gossip: seen, inCatalog, raftId }: NodeTraces): string {
  return [
    seen === undefined ? [] : [`gossip takes it for ${seen}`],
    inCatalog ? ["it is in the catalog"] : [],
    raftId === undefined ? [] : ["it is among the servers that vote"],
  ]
    .flat()
    .join(", ");
}

function places(servers: readonly ConsulAccess[]): string {
  return `Consul servers ${servers.map(({ container }) => container).join(", ")}`;
}
