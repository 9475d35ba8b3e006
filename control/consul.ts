/** Consul's HTTP API, asked from inside a server's own container: ACLs, leader, health. */
import type { ConsulAccess } from "../model/access";
import { place } from "./docker";
import { ControlError, UnreachableError, excerpt, finding } from "./errors";
import { httpFrom, type HttpAnswer, type HttpRequest } from "./http";
import { Recent } from "./recent";
import { NotYet, until } from "./until";

/** Servers, and the management token to ask them with. */
export interface ConsulSession {
  readonly servers: readonly ConsulAccess[];
  readonly token: string;
}

/** An ACL policy. */
export interface AclPolicy {
  readonly ID?: string | undefined;
  readonly Name: string;
  readonly Description: string;
  readonly Rules: string;
}
/** An ACL token. */
export interface AclToken {
  readonly AccessorID: string;
  readonly SecretID?: string | undefined;
  readonly Description: string;
  readonly Policies?: readonly { readonly Name: string }[] | null | undefined;
}

type Ask = Pick<HttpRequest, "method" | "path" | "body">;

async function askOne(server: ConsulAccess, token: string, ask: Ask): Promise<HttpAnswer> {
  const { address, httpsPort: port } = server;
  return httpFrom(server, { ...ask, address, port, headers: { "X-Consul-Token": token } });
}

/** Asks the servers in turn; an answer of 5xx counts as none. */
async function ask(session: ConsulSession, request: Ask): Promise<HttpAnswer> {
  const said: string[] = [];
  for (const server of session.servers) {
    try {
      const answer = await askOne(server, session.token, request);
      if (answer.status < 500) return answer;
      said.push(`${server.container} answered ${answer.status}: ${excerpt(answer.body)}`);
    } catch (error) {
      said.push(`${server.container}: ${finding(error)}`);
    }
  }
  throw new UnreachableError({
    doing: `${request.method} ${request.path} of Consul`,
    where: session.servers.map(place).join(", "),
    found: `no server gave an answer. ${said.join(" | ")}`,
    remedy: "Start the Consul servers; a majority of them must run.",
  });
}

function refused(session: ConsulSession, request: Ask, answer: HttpAnswer): ControlError {
  return new ControlError({
    doing: `${request.method} ${request.path} of Consul`,
    where: session.servers.map(place).join(", "),
    found: `it answered ${answer.status}: ${excerpt(answer.body) || "nothing"}`,
    remedy: "Check the management token and the servers' logs.",
  });
}

/** Lists, asked once for all who ask within a second; any change makes them old at once. */
const lists = new Recent<unknown>(1000);

function list<T>(session: ConsulSession, path: string): Promise<T[]> {
  const key = `${session.servers.map(place).join()} ${path}`;
  return lists.get(key, () => change<T[]>(session, { method: "GET", path })) as Promise<T[]>;
}

async function change<T>(session: ConsulSession, request: Ask): Promise<T> {
  if (request.method !== "GET") lists.clear();
  const answer = await ask(session, request);
  if (answer.status !== 200) throw refused(session, request, answer);
  return JSON.parse(answer.body) as T;
}

/** Waits for a leader with its ACL system up, and for the management token to be known. */
export async function consulReady(session: ConsulSession, timeoutMs: number): Promise<void> {
  const retry = (error: unknown): boolean => error instanceof UnreachableError;
  await until(
    "Consul with a leader and its ACL system",
    { timeoutMs, intervalMs: 300, retry },
    async () => {
      const answer = await ask(session, { method: "GET", path: "/v1/acl/token/self" });
      if (answer.status !== 200)
        throw new NotYet(`it answered ${answer.status}: ${excerpt(answer.body)}`);
    },
  );
}

/** A server as autopilot sees it. */
export interface ServerHealth {
  /** Node name, which is the container's. */
  readonly name: string;
  readonly healthy: boolean;
}

/** Whether the consensus store has a leader and no failed server, as autopilot sees it. */
export async function autopilotHealthy(
  session: ConsulSession,
): Promise<{ healthy: boolean; found: string; servers: readonly ServerHealth[] }> {
  const request: Ask = { method: "GET", path: "/v1/operator/autopilot/health" };
  // The answer is 429 while a server is not healthy, and carries the same document.
  const answer = await ask(session, request);
  if (answer.status !== 200 && answer.status !== 429) throw refused(session, request, answer);
  const health = JSON.parse(answer.body) as {
    Healthy: boolean;
    Servers?: { Name: string; Healthy: boolean; SerfStatus: string }[] | null;
  };
  const servers = (health.Servers ?? []).map(
    (server) =>
      `${server.Name} ${server.Healthy ? "healthy" : `not healthy (${server.SerfStatus})`}`,
  );
  return {
    healthy: health.Healthy,
    found: servers.join(", ") || "no servers",
    servers: (health.Servers ?? []).map(({ Name, Healthy }) => ({ name: Name, healthy: Healthy })),
  };
}

/** Address of the leading server; empty when there is none. Needs no token. */
export async function consulLeader(servers: readonly ConsulAccess[]): Promise<string> {
  const answer = await ask({ servers, token: "" }, { method: "GET", path: "/v1/status/leader" });
  return JSON.parse(answer.body) as string;
}

/** A policy by its name; undefined when there is none. */
export async function findPolicy(
  session: ConsulSession,
  name: string,
): Promise<AclPolicy | undefined> {
  const policies = await list<AclPolicy>(session, "/v1/acl/policies");
  const id = policies.find((policy) => policy.Name === name)?.ID;
  if (id === undefined) return undefined;
  return change<AclPolicy>(session, { method: "GET", path: `/v1/acl/policy/${id}` });
}

/** Makes a policy what it should be, whether it exists or not. */
export async function putPolicy(session: ConsulSession, policy: AclPolicy): Promise<void> {
  const id = (await findPolicy(session, policy.Name))?.ID;
  const path = id === undefined ? "/v1/acl/policy" : `/v1/acl/policy/${id}`;
  await change(session, {
    method: "PUT",
    path,
    body: id === undefined ? policy : { ...policy, ID: id },
  });
}

/** Removes a policy; a missing one is fine. */
export async function deletePolicy(session: ConsulSession, name: string): Promise<void> {
  const id = (await findPolicy(session, name))?.ID;
  if (id !== undefined) await change(session, { method: "DELETE", path: `/v1/acl/policy/${id}` });
}

/** A token by its accessor; undefined when there is none. */
export async function findToken(
  session: ConsulSession,
  accessorId: string,
): Promise<AclToken | undefined> {
  const tokens = await list<AclToken>(session, "/v1/acl/tokens");
  return tokens.find((token) => token.AccessorID === accessorId);
}

/** Makes a token what it should be, whether it exists or not; its secret never changes. */
export async function putToken(session: ConsulSession, token: AclToken): Promise<void> {
  const exists = (await findToken(session, token.AccessorID)) !== undefined;
  const path = exists ? `/v1/acl/token/${token.AccessorID}` : "/v1/acl/token";
  await change(session, { method: "PUT", path, body: token });
}

/** Removes a token; a missing one is fine. */
export async function deleteToken(session: ConsulSession, accessorId: string): Promise<void> {
  if ((await findToken(session, accessorId)) === undefined) return;
  await change(session, { method: "DELETE", path: `/v1/acl/token/${accessorId}` });
}
