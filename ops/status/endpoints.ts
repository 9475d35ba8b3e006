/** Endpoints: a login and a query through each, from inside the container that listens. */
import { ControlError, describe } from "../../control/errors";
import { throughEndpoint } from "../../control/sql";
import type { ContainerAccess } from "../../model/access";
import { withDeadline } from "../deadline";
import type { StackOutputs } from "../stack/outputs";
import { type EndpointRow, UNREACHABLE } from "./types";

const TIMEOUT_MS = 12_000;

/** An endpoint and the container that listens there. */
export interface EndpointPlace extends Pick<EndpointRow, "kind" | "host" | "port"> {
  readonly container: ContainerAccess;
}

/** Which container listens at which endpoint; pure. */
export function endpointPlaces({ endpoints, operations }: StackOutputs): EndpointPlace[] {
  const proxied = (["primary", "replicas"] as const).flatMap((kind) =>
    operations.haproxies.flatMap((container, index) => {
      const at = endpoints[kind][index];
      return at === undefined ? [] : [{ kind, ...at, container }];
    }),
  );
  // Poolers of both kinds are one list, in the order of the endpoints; ports of kinds differ.
  const queues = {
    pooledPrimary: [...endpoints.pooledPrimary],
    pooledReplicas: [...endpoints.pooledReplicas],
  };
  const pooled = operations.poolers.flatMap((pooler) => {
    const kind = queues.pooledPrimary[0]?.port === pooler.port ? "pooledPrimary" : "pooledReplicas";
    const at = queues[kind].shift();
    return at === undefined ? [] : [{ kind, ...at, container: pooler } as const];
  });
  return [...proxied, ...pooled].sort((left, right) => rank(left.kind) - rank(right.kind));
}

function rank(kind: EndpointRow["kind"]): number {
  return ["primary", "replicas", "pooledPrimary", "pooledReplicas"].indexOf(kind);
}

/** Tries every endpoint at once, but for those on hosts that do not answer (`dead`). */
export function findEndpoints(
  outputs: StackOutputs,
  dead: ReadonlySet<string> = new Set(),
): Promise<EndpointRow[]> {
  return Promise.all(endpointPlaces(outputs).map((endpoint) => tryOne(outputs, endpoint, dead)));
}

/** By the loopback address, which stands in every certificate: no network path is judged here. */
async function tryOne(
  outputs: StackOutputs,
  endpoint: EndpointPlace,
  dead: ReadonlySet<string>,
): Promise<EndpointRow> {
  const { kind, host, port, container } = endpoint;
  const at = { kind, host, runsOn: container.host.name, port };
  if (dead.has(at.runsOn)) {
    return { ...at, answeredBy: null, milliseconds: null, error: UNREACHABLE };
  }
  const started = Date.now();
  try {
    const call = { doing: "log in", where: `${host}:${port}`, timeoutMs: TIMEOUT_MS };
    const standby = await withDeadline(call, inRecovery(outputs, endpoint, container));
    const answeredBy = standby ? "replica" : "leader";
    return { ...at, answeredBy, milliseconds: Date.now() - started, error: null };
  } catch (error) {
    const found = error instanceof ControlError ? error.parts.found : describe(error);
    return { ...at, answeredBy: null, milliseconds: null, error: found };
  }
}

async function inRecovery(
  { credentials, caCertificate }: StackOutputs,
  { port }: EndpointPlace,
  container: ContainerAccess,
): Promise<boolean> {
  const password = credentials.monitor;
  if (password === undefined) throw new Error("the outputs have no password of role monitor");
  const login = { user: "monitor", password, database: "postgres", caCertificate };
  return throughEndpoint(container, { ...login, address: "127.0.0.1", port }, async (client) => {
    const { rows } = await client.query<{ standby: boolean }>(
      "SELECT pg_is_in_recovery() AS standby",
    );
    return rows[0]?.standby !== false;
  });
}
