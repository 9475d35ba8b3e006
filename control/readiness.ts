/** Whether a cluster is true end to end: each part with its condition and its containers. */
import type { ConsulAccess, ContainerAccess, MemberAccess } from "../model/access";
import type { EndpointProbe, ReadyInputs } from "../model/resources";
import { consulLeader } from "./consul";
import { containerState, place } from "./docker";
import { ControlError, describe } from "./errors";
import { beat } from "./heartbeat";
import { lastLines } from "./lastLines";
import { isStreaming, notReady, viewText } from "./leadership";
import { clusterView, leaderOf, leads, type ClusterView } from "./patroni";
import { checkStanza } from "./pgbackrest";
import { throughEndpoint, type TcpLogin } from "./sql";
import { NotYet, until } from "./until";

/** Lag that a streaming replica may have in a moment of load. */
const MAXIMUM_LAG = 64 * 1024 * 1024;
const STANZA_MS = 60_000;

/** A part of the cluster: returns when it is as it should be, throws what is not. */
interface Part {
  readonly name: string;
  /** Whose log tells why it is not. */
  readonly containers: readonly ContainerAccess[];
  check(): Promise<void>;
}

/** Returns when the cluster is true, else throws one error with every part that is not. */
export async function awaitCondition(inputs: ReadyInputs): Promise<void> {
  const deadline = Date.now() + inputs.timeoutSeconds * 1000;
  // Endpoints and archiving cannot work before the members do.
  for (const parts of [innerParts(inputs), outerParts(inputs)]) {
    const unready = await awaitParts(parts, deadline);
    if (unready.length > 0) throw await unreadyError(unready, inputs.timeoutSeconds);
  }
}

function innerParts({ containers, consul, members }: ReadyInputs): Part[] {
  return [
    ...containers.map(containerPart),
    ...(consul.length === 0 ? [] : [consulPart(consul)]),
    membersPart(members),
  ];
}

function outerParts({ members, consul, containers, stanza, ...inputs }: ReadyInputs): Part[] {
  const { user, password, database, caCertificate } = inputs;
  const login = { user, password, database, caCertificate };
  const inner = new Set([...members, ...consul].map((item) => item.container));
  const outer = containers.filter((item) => !inner.has(item.container));
  const behind = outer.length === 0 ? members : outer;
  return [
    ...inputs.endpoints.map((endpoint) => endpointPart(endpoint, login, members, behind)),
    ...(stanza === undefined ? [] : [backupPart(stanza.repository, stanza.name)]),
  ];
}

/** A container runs. Its health check lags behind; the other parts ask what it would. */
function containerPart(container: ContainerAccess): Part {
  const check = async (): Promise<void> => {
    const state = await containerState(container);
    if (!state.running)
      throw new NotYet(`it is ${state.status}, exit code ${state.exitCode ?? "none"}`);
  };
  return { name: place(container), containers: [container], check };
}

/** Every Consul server knows a leader: one that does not is no part of the quorum yet. */
function consulPart(servers: readonly ConsulAccess[]): Part {
  const check = async (): Promise<void> => {
    const leaders = await Promise.all(servers.map((server) => consulLeader([server])));
    const lost = servers.filter((_, index) => leaders[index] === "");
    if (lost.length > 0)
      throw new NotYet(`${lost.map(({ container }) => container).join(", ")}: no leader`);
  };
  return { name: "Consul", containers: servers, check };
}

/** One leader, every other member streams, all on one timeline. */
export function membersPart(members: readonly MemberAccess[]): Part {
  const check = async (): Promise<void> => {
    const view = await clusterView(members);
    const problems = [
      ...notReady(view, members, undefined, MAXIMUM_LAG),
      ...timelineProblems(view),
    ];
    if (problems.length > 0) throw new NotYet(`${problems.join(", ")} [${viewText(view)}]`);
  };
  return { name: "PostgreSQL members", containers: members, check };
}

/** Replicas that are not on the leader's timeline. */
export function timelineProblems(view: ClusterView): string[] {
  const timeline = leaderOf(view)?.timeline;
  return view.members
    .filter(
      (member) =>
        !leads(member) && isStreaming(member, MAXIMUM_LAG) && member.timeline !== timeline,
    )
    .map(
      (member) =>
        `${member.name} is on timeline ${member.timeline ?? "?"}, the leader on ${timeline ?? "?"}`,
    );
}

/** A write or a read through an endpoint, from inside the first container that can dial it. */
function endpointPart(
  endpoint: EndpointProbe,
  login: Omit<TcpLogin, "address" | "port">,
  dialFrom: readonly ContainerAccess[],
  containers: readonly ContainerAccess[],
): Part {
  const target = { ...login, address: endpoint.address, port: endpoint.port };
  const check = async (): Promise<void> => {
    const from = await firstRunning(dialFrom);
    await throughEndpoint(from, target, async (client) => {
      if (endpoint.write) await beat(client, endpoint.name);
      else await client.query("SELECT pg_is_in_recovery()");
    });
  };
  const name = `endpoint ${endpoint.name} (${endpoint.address}:${endpoint.port})`;
  return { name, containers, check };
}

async function firstRunning(containers: readonly ContainerAccess[]): Promise<ContainerAccess> {
  const said: string[] = [];
  for (const container of containers) {
    try {
      if ((await containerState(container)).running) return container;
      said.push(`${container.container} does not run`);
    } catch (error) {
      said.push(describe(error));
    }
  }
  throw new NotYet(`no container to try it from: ${said.join(", ")}`);
}

/** The repository takes the WAL of the leader. */
function backupPart(repository: ContainerAccess, stanza: string): Part {
  const check = () => checkStanza({ repository, stanza }, STANZA_MS);
  return { name: "backup", containers: [repository], check };
}

/** A part that did not become ready, and why. */
interface Unready {
  readonly part: Part;
  /** Begins with the part's name. */
  readonly found: string;
}

/** Waits for all parts at once until a point in time; gives those that did not become ready. */
async function awaitParts(parts: readonly Part[], deadline: number): Promise<Unready[]> {
  const wait = async (part: Part): Promise<Unready | undefined> => {
    const limits = {
      timeoutMs: Math.max(0, deadline - Date.now()),
      intervalMs: 400,
      retry: () => true,
    };
    try {
      await until(part.name, limits, () => part.check());
      return undefined;
    } catch (error) {
      return { part, found: describe(error) };
    }
  };
  const results = await Promise.all(parts.map(wait));
  return results.filter((result) => result !== undefined);
}

/** The error that names every part that is not ready, each with its containers' last log lines. */
async function unreadyError(unready: readonly Unready[], seconds: number): Promise<ControlError> {
  const reported = new Set<string>();
  const texts: string[] = [];
  for (const { part, found } of unready) {
    texts.push(`* ${found}`);
    for (const container of part.containers) {
      if (reported.has(place(container))) continue;
      reported.add(place(container));
      texts.push(await lastLines(container));
    }
  }
  return new ControlError({
    doing: "bring the cluster up",
    where: `${unready.length} part(s) not ready`,
    found: `within ${seconds} s these did not become ready:\n${texts.join("\n")}\n`,
    remedy: "Repair what the log lines name and run `up` again: it checks again.",
  });
}
