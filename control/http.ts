/** HTTPS requests from inside a container, verified with the files that every container has. */
import type { ContainerAccess } from "../model/access";
import { CA_FILE, CERT_FILE, KEY_FILE } from "../model/paths";
import { curlConfig, parseCurlOutput } from "./curl";
import { place } from "./docker";
import { UnreachableError, describe } from "./errors";
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

/** Sends a request from inside a container; throws when nothing answers. */
export async function httpFrom(access: ContainerAccess, request: HttpRequest): Promise<HttpAnswer> {
  const timeoutMs = request.timeoutMs ?? 10_000;
  const url = httpsUrl(request.address, request.port, request.path);
  const json = request.body === undefined ? undefined : JSON.stringify(request.body);
  const config = curlConfig({
    method: request.method,
    url,
    headers: {
      ...(json === undefined ? {} : { "Content-Type": "application/json" }),
      ...request.headers,
    },
    body: json,
    cacert: CA_FILE,
    cert: CERT_FILE,
    key: KEY_FILE,
    maxSeconds: Math.ceil(timeoutMs / 1000),
  });
  const result = await exec(access, ["curl", "--disable", "--config", "-"], {
    stdin: config,
    timeoutMs: timeoutMs + 5000,
  });
  const found = result.stderr.trim() || `curl ended with ${result.exitCode}`;
  if (result.exitCode !== 0) throw unreachable(access, request.method, url, found);
  try {
    return parseCurlOutput(result.stdout);
  } catch (error) {
    throw unreachable(access, request.method, url, describe(error));
  }
}

function unreachable(access: ContainerAccess, method: string, url: string, found: string): Error {
  return new UnreachableError({
    doing: `${method} ${url}`,
    where: place(access),
    found,
    remedy: `Look at its log: docker logs --tail 50 ${access.container}`,
  });
}
