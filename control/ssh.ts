/** Connections to a remote Docker engine through the system `ssh`. */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { join } from "node:path";
import { Duplex } from "node:stream";
import type { HostAccess } from "../model/access";
import { ControlError } from "./errors";
import { privateDirectory } from "./sshDirectory";
import { Lanes, type Lane } from "./sshLanes";
import { sshFailure } from "./sshTrouble";

const CONNECT_SECONDS = 10;
/** A login may wait for a touch of somebody's security key, but not for ever. */
const LOGIN_SECONDS = 60;

/** Name under which the host's key stands in its known_hosts file, whatever its address and port. */
function keyAlias(host: HostAccess): string {
  return `pgha-${host.name.replace(/[^A-Za-z0-9.-]/g, "_")}`;
}

function knownHosts(host: HostAccess): string {
  const key = host.hostKey ?? "";
  if (!/^[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\r\n]*)?$/.test(key)) {
    throw new ControlError({
      doing: "connect by ssh",
      where: `host ${host.name}`,
      found: key === "" ? "it has no hostKey" : "its hostKey is not an OpenSSH public key line",
      remedy: `Set hostKey of host ${host.name} to the line that ssh-keyscan prints for it, checked by another way.`,
    });
  }
  const file = join(privateDirectory(), `known_hosts.${keyAlias(host)}`);
  writeFileSync(file, `${keyAlias(host)} ${key}\n`, { mode: 0o600 });
  return file;
}

/** Arguments of `ssh` for a host: key pinned, never asking, on the shared connection at `path`. */
function sshArguments(host: HostAccess, path: string): string[] {
  const url = new URL(host.docker);
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `HostKeyAlias=${keyAlias(host)}`,
    `UserKnownHostsFile=${knownHosts(host)}`,
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    `ConnectTimeout=${CONNECT_SECONDS}`,
    "ServerAliveInterval=10",
    "ServerAliveCountMax=3",
    "ControlMaster=auto",
    `ControlPath=${path}`,
    "ControlPersist=15",
  ];
  const target = decodeURIComponent(url.username);
  return [
    "-T",
    ...options.flatMap((option) => ["-o", option]),
    ...(url.port === "" ? [] : ["-p", url.port]),
    ...(target === "" ? [] : ["-l", target]),
    "--",
    url.hostname.replace(/^\[|\]$/g, ""),
  ];
}

const hosts = new Map<string, Lanes>();

/** The shared connections of a host. */
function lanesOf(host: HostAccess): Lanes {
  const key = JSON.stringify([host.name, host.docker, host.hostKey]);
  const known = hosts.get(key);
  if (known !== undefined) return known;
  const short = createHash("sha256").update(key).digest("hex").slice(0, 8);
  const lanes = new Lanes(
    (index) => join(privateDirectory(), `s${index}-${short}`),
    (path) => logIn(host, path),
  );
  hosts.set(key, lanes);
  return lanes;
}

/** Opens a shared connection; ssh goes to the background, and so ends, when it takes sessions. */
function logIn(host: HostAccess, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", ["-f", "-N", ...sshArguments(host, path)], {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: LOGIN_SECONDS * 1000,
    });
    const complaint = complaintOf(child);
    child.on("error", (error) => reject(sshFailure(host, error.message)));
    child.on("exit", (code) => {
      if (code === 0) resolve();
    });
    child.on("close", (code, signal) => {
      const ended = signal === null ? `ssh ended with ${code}` : `no login in ${LOGIN_SECONDS} s`;
      reject(sshFailure(host, complaint() || ended));
    });
  });
}

/** The end of a session that said nothing; 255 is ssh's own code. */
function lost(code: number | null): string {
  return code === 255
    ? "the connection was lost"
    : `\`docker system dial-stdio\` ended with ${code}`;
}

/** What a program has said on stderr so far, its end. */
function complaintOf(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text = `${text}${chunk.toString()}`.slice(-2000);
  });
  return () => text.trim();
}

/** A byte stream through `ssh` that looks enough like a socket for Node's http client. */
class SshSocket extends Duplex {
  private child: ChildProcess | undefined;

  constructor(private readonly host: HostAccess) {
    super({ allowHalfOpen: true });
  }

  /** What is written meanwhile waits in the stream. */
  override _construct(done: (error?: Error | null) => void): void {
    lanesOf(this.host)
      .take()
      .then((lane) => {
        this.start(lane);
        done();
      })
      .catch(done);
  }

  private start(lane: Lane): void {
    const argv = [...sshArguments(this.host, lane.path), "docker", "system", "dial-stdio"];
    const child = spawn("ssh", argv, { stdio: ["pipe", "pipe", "pipe"] });
    const complaint = complaintOf(child);
    child.on("error", (error) => {
      if (child.pid === undefined) lane.release(); // it never started: no exit will follow
      this.destroy(sshFailure(this.host, error.message));
    });
    child.on("exit", () => lane.release());
    child.on("close", (code) => {
      if (code === 0) this.push(null);
      else this.destroy(sshFailure(this.host, complaint() || lost(code)));
    });
    child.stdin.on("error", () => undefined); // the exit of ssh reports the reason
    child.stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    this.child = child;
  }

  override _read(): void {
    this.child?.stdout?.resume();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    if (this.child?.stdin?.write(chunk) === true) done();
    else this.child?.stdin?.once("drain", () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.child?.stdin?.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.child?.kill();
    done(error);
  }

  // What Node's http client and agent call on a socket and what has no meaning here.
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

/** A byte stream to a host's Docker engine. */
export function engineStream(host: HostAccess): Duplex {
  return new SshSocket(host);
}

/** An http agent whose connections are `ssh HOST docker system dial-stdio`, one process each. */
export class SshAgent extends Agent {
  constructor(private readonly host: HostAccess) {
    super({ keepAlive: true, maxSockets: 8, maxFreeSockets: 8 });
  }

  /** Called by Node's http client for each new connection. */
  override createConnection(): Duplex {
    return engineStream(this.host);
  }
}

/** Arguments of `ssh` for one session with a host; `release` once, when that session has ended. */
export async function sshSession(
  host: HostAccess,
): Promise<{ readonly argv: readonly string[]; release(): void }> {
  const lane = await lanesOf(host).take();
  return { argv: sshArguments(host, lane.path), release: () => lane.release() };
}
