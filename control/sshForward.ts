/** The Docker engine's socket of a remote host, forwarded to one of this machine by the shared ssh. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import type { HostAccess } from "../model/access";
import { sshSession } from "./ssh";
import { privateDirectory } from "./sshDirectory";
import { sshExec } from "./sshExec";

const ASK_MS = 10_000;
/** What the docker command line of the host would talk to: DOCKER_HOST and contexts are in it. */
const ENDPOINT = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
/** Nothing in such a path means anything to ssh's option. */
const SOCKET = /^unix:\/\/((?:\/[A-Za-z0-9._-]+)+)$/;

/** A forwarded engine. */
export interface Forward {
  /** Socket on this machine that leads to the engine. */
  readonly socket: string;
  /** Control socket of the connection that carries it: both end together. */
  readonly connection: string;
}

const forwards = new Map<string, Promise<Forward | undefined>>();
let made = 0;

/**
 * The forwarded engine of a host, made once for a connection. A request over it starts no process on
 * either side, where `docker system dial-stdio` takes an ssh, a shell and a docker for each. Undefined
 * where it cannot be had: sshd may forbid it (`AllowStreamLocalForwarding`), the engine may listen
 * elsewhere.
 *
 * @throws where nobody can log in.
 */
export async function forwardedEngine(host: HostAccess): Promise<Forward | undefined> {
  const key = JSON.stringify([host.name, host.docker, host.hostKey]);
  const known = forwards.get(key);
  if (known !== undefined) {
    const forward = await known;
    if (forward === undefined || existsSync(forward.connection)) return forward;
    // Several may find it ended: the first to come makes the next.
    if (forwards.get(key) === known) forwards.delete(key);
    return forwardedEngine(host);
  }
  const opened = open(host);
  forwards.set(key, opened);
  opened.catch(() => forwards.delete(key));
  return opened;
}

async function open(host: HostAccess): Promise<Forward | undefined> {
  const asked = await sshExec(host, ENDPOINT, ASK_MS);
  const path = SOCKET.exec(asked.stdout.trim())?.[1];
  if (path === undefined) return undefined;
  const socket = join(privateDirectory(), `d${(made += 1)}`);
  const session = await sshSession(host);
  try {
    const argv = ["-O", "forward", "-L", `${socket}:${path}`, ...session.argv];
    const forwarded = await succeeds("ssh", argv);
    // ssh listens whatever the other side allows: the engine's answer tells.
    if (!forwarded || !(await answers(socket))) return undefined;
    return { socket, connection: session.connection };
  } finally {
    session.release();
  }
}

function succeeds(program: string, argv: readonly string[]): Promise<boolean> {
  return new Promise((resolve) =>
    execFile(program, argv, { timeout: ASK_MS }, (error) => resolve(error === null)),
  );
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = get({ socketPath, path: "/_ping", timeout: ASK_MS }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(false));
  });
}
