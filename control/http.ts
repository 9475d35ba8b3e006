/** HTTPS requests from inside a container, verified with the files that every container has. */
import { randomBytes } from "node:crypto";
import type { ContainerAccess } from "../model/access";
import { CA_FILE, CERT_FILE, KEY_FILE } from "../model/paths";
import { curlConfig, parseCurlOutput, type CurlRequest } from "./curl";
import { containerKey, place } from "./docker";
import { UnreachableError } from "./errors";
import { exec } from "./exec";

/** A request. */
export interface HttpRequest {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** Address in the server's certificate. */
  readonly address: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Whole request, 10 s unless given. */
  readonly timeoutMs?: number | undefined;
}

/** An answer; every status is one. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Base URL of an address, IPv6 in brackets. */
export function httpsUrl(address: string, port: number, path: string): string {
  return `https://${address.includes(":") ? `[${address}]` : address}:${port}${path}`;
}

/**
 * Sends a request from inside a container; throws when nothing answers. Starting a program in a
 * container costs more than most requests: while one curl runs there for a server, further GETs to
 * it wait and share the next. Anything else may take long and has a curl of its own.
 */
export function httpFrom(access: ContainerAccess, request: HttpRequest): Promise<HttpAnswer> {
  const curl = asCurl(request);
  return new Promise((resolve, reject) => {
    const waiting: Waiting = { curl, resolve, reject };
    if (request.method !== "GET") return void send(access, [waiting]);
    const key = JSON.stringify([containerKey(access), request.address, request.port]);
    const queue = queues.get(key);
    if (queue !== undefined) return void queue.push(waiting);
    queues.set(key, [waiting]);
    void drain(access, key);
  });
}

/**
 * Sends requests in turn, by one program in the container. Each answer counts, whatever its status;
 * throws for the first that gets none, and those after it were not sent.
 */
export async function httpInTurn(
  access: ContainerAccess,
  requests: readonly HttpRequest[],
): Promise<HttpAnswer[]> {
  if (requests.length === 0) return [];
  const curls = requests.map(asCurl);
  const answers = await curlAll(access, curls);
  return curls.map((curl, index) => {
    const answer = answers[index];
    if (answer?.error === undefined && answer !== undefined) return answer;
    throw unreachable(access, curl, answer?.error ?? "curl gave no answer");
  });
}

interface Waiting {
  readonly curl: CurlRequest;
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** GETs that wait, by container and server; a key is there while somebody sends for it. */
const queues = new Map<string, Waiting[]>();

async function drain(access: ContainerAccess, key: string): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve)); // all who ask in this moment go together
  for (;;) {
    const batch = queues.get(key) ?? [];
    if (batch.length === 0) break;
    queues.set(key, []);
    await send(access, batch);
  }
  queues.delete(key);
}

/** Settles every one of them; never rejects. */
async function send(access: ContainerAccess, batch: readonly Waiting[]): Promise<void> {
  try {
    const answers = await curlAll(
      access,
      batch.map(({ curl }) => curl),
    );
    batch.forEach(({ curl, resolve, reject }, index) => {
      const answer = answers[index];
      if (answer?.error === undefined && answer !== undefined) resolve(answer);
      else reject(unreachable(access, curl, answer?.error ?? "curl gave no answer"));
    });
  } catch (error) {
    for (const { reject } of batch) reject(error as Error);
  }
}

async function curlAll(access: ContainerAccess, requests: readonly CurlRequest[]) {
  const mark = randomBytes(12).toString("hex");
  const seconds = requests.reduce((sum, { maxSeconds }) => sum + maxSeconds, 0);
  const result = await exec(access, ["curl", "--disable", "--config", "-"], {
    stdin: curlConfig(requests, mark),
    timeoutMs: (seconds + 5) * 1000,
  });
  const answers = parseCurlOutput(result.stdout, mark);
  const [first] = requests;
  if (answers.length > 0 || first === undefined) return answers;
  throw unreachable(
    access,
    first,
    result.stderr.trim() || `curl ended with ${result.exitCode} and printed nothing`,
  );
}

function asCurl(request: HttpRequest): CurlRequest {
  const json = request.body === undefined ? undefined : JSON.stringify(request.body);
  const type: Record<string, string> =
    json === undefined ? {} : { "Content-Type": "application/json" };
  return {
    method: request.method,
    url: httpsUrl(request.address, request.port, request.path),
    headers: { ...type, ...request.headers },
    body: json,
    cacert: CA_FILE,
    cert: CERT_FILE,
    key: KEY_FILE,
    maxSeconds: Math.ceil((request.timeoutMs ?? 10_000) / 1000),
  };
}

function unreachable(
  access: ContainerAccess,
  { method, url }: CurlRequest,
  found: string,
): UnreachableError {
  return new UnreachableError({
    doing: `${method} ${url}`,
    where: place(access),
    found,
    remedy: `Look at its log: docker logs --tail 50 ${access.container}`,
  });
}
