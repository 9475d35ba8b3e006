/** Consul's HTTP API, asked from inside a server's own container. Policies and tokens: consulAcl.ts. */
import type { ConsulAccess } from "../model/access";
import { place } from "./docker";
import { ControlError, UnreachableError, excerpt, finding, unreachable } from "./errors";
import { httpFrom, httpInTurn, type HttpAnswer, type HttpRequest } from "./http";
import { NotYet, until } from "./until";

/** Servers, and the management token to ask them with. */
export interface ConsulSession {
  readonly servers: readonly ConsulAccess[];
  readonly token: string;
}

/** A request to Consul. */
export type ConsulRequest = Pick<HttpRequest, "method" | "path" | "body">;

function addressed(server: ConsulAccess, token: string, request: ConsulRequest): HttpRequest {
  const { address, httpsPort: port } = server;
  return { ...request, address, port, headers: { "X-Consul-Token": token } };
}

/** Asks the servers in turn; an answer of 5xx counts as none. */
async function ask(
  session: ConsulSession,
  request: ConsulRequest,
): Promise<HttpAnswer & { readonly server: ConsulAccess }> {
  const said: string[] = [];
  for (const server of session.servers) {
    try {
      const answer = await httpFrom(server, addressed(server, session.token, request));
      if (answer.status < 500) return { ...answer, server };
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

function refused(
  servers: readonly ConsulAccess[],
  { method, path }: ConsulRequest,
  { status, body }: HttpAnswer,
): ControlError {
  return new ControlError({
    doing: `${method} ${path} of Consul`,
    where: servers.map(place).join(", "),
    found: `it answered ${status}: ${excerpt(body) || "nothing"}`,
    remedy: "Check the management token and the servers' logs.",
  });
}

/** Reads a document; undefined where there is none. */
export async function readConsul<T>(session: ConsulSession, path: string): Promise<T | undefined> {
  const request: ConsulRequest = { method: "GET", path };
  const answer = await ask(session, request);
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw refused(session.servers, request, answer);
  return JSON.parse(answer.body) as T;
}

/**
 * Sends changes in turn to one server, by one program. Throws for the first that is refused; those
 * after it were sent all the same. To remove what is not there is no refusal.
 */
export async function changeConsul(
  server: ConsulAccess,
  token: string,
  changes: readonly ConsulRequest[],
): Promise<void> {
  const answers = await httpInTurn(
    server,
    changes.map((change) => addressed(server, token, change)),
  );
  changes.forEach((change, index) => {
    const answer = answers[index];
    const done = answer?.status === 200 || (change.method === "DELETE" && answer?.status === 404);
    if (answer !== undefined && !done) throw refused([server], change, answer);
  });
}

/**
 * Waits for a leader with its ACL system up, and for the management token to be known. Gives the
 * server that said so.
 */
export async function consulReady(
  session: ConsulSession,
  timeoutMs: number,
): Promise<ConsulAccess> {
  return until(
    "Consul with a leader and its ACL system",
    { timeoutMs, intervalMs: 300, retry: unreachable },
    async () => {
      const answer = await ask(session, { method: "GET", path: "/v1/acl/token/self" });
      if (answer.status !== 200)
        throw new NotYet(`it answered ${answer.status}: ${excerpt(answer.body)}`);
      return answer.server;
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
  const request: ConsulRequest = { method: "GET", path: "/v1/operator/autopilot/health" };
  // The answer is 429 while a server is not healthy, and carries the same document.
  const answer = await ask(session, request);
  if (answer.status !== 200 && answer.status !== 429)
    throw refused(session.servers, request, answer);
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
