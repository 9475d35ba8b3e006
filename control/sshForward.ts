/** The Docker engine's socket of a remote host, forwarded to one of this machine by the shared ssh. */
import { execFile } from "node:child_process";
import { get } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { HostAccess } from "../model/access";
import { dockerKey } from "./dockerKey";
import { sshSession } from "./ssh";
import { privateDirectory } from "./sshDirectory";
import { sshExec } from "./sshExec";

const ASK_MS = 10_000;
/** How long it is not tried again where it could not be had: an engine that starts is no reason for good. */
const AGAIN_MS = 30_000;
/** What the docker command line of the host would talk to: DOCKER_HOST and contexts are in it. */
const ENDPOINT = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
/** Nothing in such a path means anything to ssh's option. */
const SOCKET = /^unix:\/\/((?:\/[A-Za-z0-9._-]+)+)$/;

/** A connection to a forwarded engine. */
export interface Forwarded {
  readonly socket: Socket;
  /** Whether the ssh that carries it is still there: its end looks like that of the stream. */
  alive(): Promise<boolean>;
}

/** A socket of this machine that leads to a host's engine. */
interface Forward {
  readonly path: string;
  /** Which ssh answers on the control socket of its connection now; undefined when none does. */
  master(): Promise<string | undefined>;
  /** The one that listens there. */
  readonly listener: string;
}

/** By host; undefined where it cannot be had. */
const forwards = new Map<string, Promise<Forward | undefined>>();
let made = 0;

/**
 * A connection to a host's engine over its forwarded socket. A request over it starts no process on
 * either side, where `docker system dial-stdio` takes an ssh, a shell and a docker for each. Undefined
 * where it cannot be had: sshd may forbid it (`AllowStreamLocalForwarding`), the engine may listen
 * elsewhere.
 *
 * @throws where nobody can log in.
 */
export async function connectForward(host: HostAccess): Promise<Forwarded | undefined> {
  const key = dockerKey(host);
  const known = forwards.get(key);
  const forward = await (known ?? remember(key, open(host)));
  if (forward === undefined) return undefined;
  const socket = await connected(forward.path);
  if (socket) return { socket, alive: () => carries(forward) };
  // Its connection has ended; of several that find it so the first makes the next.
  if (forwards.get(key) === known) forwards.delete(key);
  return known === undefined ? undefined : connectForward(host);
}

function remember(key: string, opened: Promise<Forward | undefined>): typeof opened {
  forwards.set(key, opened);
  const forget = (): boolean => forwards.get(key) === opened && forwards.delete(key);
  opened.then((forward) => {
    if (forward === undefined) setTimeout(forget, AGAIN_MS).unref();
  }, forget);
  return opened;
}

async function open(host: HostAccess): Promise<Forward | undefined> {
  const asked = await sshExec(host, ENDPOINT, ASK_MS);
  const remote = SOCKET.exec(asked.stdout.trim())?.[1];
  if (remote === undefined) return undefined;
  // A name that no other connection gets: whether it answers tells of this one.
  const path = join(privateDirectory(), `d${(made += 1)}`);
  const session = await sshSession(host);
  const control = (command: string): Promise<string | undefined> =>
    saidBy("ssh", ["-O", command, "-L", `${path}:${remote}`, ...session.argv]);
  const master = (): Promise<string | undefined> => control("check");
  try {
    const listener = await master();
    if (listener === undefined || (await control("forward")) === undefined) return undefined;
    // ssh listens whatever the other side allows: the engine's answer tells.
    if (await answers(path)) return { path, master, listener };
    await control("cancel");
    return undefined;
  } finally {
    session.release();
  }
}

/** A socket that is connected; undefined where nobody listens. */
function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}

/** A connection alone does not tell: the kernel takes one for an ssh that is about to exit. */
async function carries(forward: Forward): Promise<boolean> {
  return (await answers(forward.path)) || (await forward.master()) === forward.listener;
}

/** What a program says, its process id in the case of `ssh -O check`; undefined where it fails. */
function saidBy(program: string, argv: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) =>
    execFile(program, argv, { timeout: ASK_MS }, (error, stdout, stderr) =>
      resolve(error === null ? `${stdout}${stderr}`.trim() : undefined),
    ),
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
