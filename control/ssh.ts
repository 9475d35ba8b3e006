/** Connections to a remote Docker engine through the system `ssh`. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import type { HostAccess } from "../model/access";
import { ControlError } from "./errors";

const CONNECT_SECONDS = 10;

let privateDirectory: string | undefined;

/** Directory of known_hosts files and multiplexing sockets: mode 0700, removed at exit. */
function directory(): string {
  if (privateDirectory === undefined) {
    const made = mkdtempSync(join(tmpdir(), "pgha-"));
    process.on("exit", () => rmSync(made, { recursive: true, force: true }));
    privateDirectory = made;
  }
  return privateDirectory;
}

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
  const file = join(directory(), `known_hosts.${keyAlias(host)}`);
  writeFileSync(file, `${keyAlias(host)} ${key}\n`, { mode: 0o600 });
  return file;
}

/** Arguments of `ssh` for a host: key pinned, never asking, connections shared. */
function sshArguments(host: HostAccess): string[] {
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
    `ControlPath=${join(directory(), "%C")}`,
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

/** A byte stream through `ssh` that looks enough like a socket for Node's http client. */
class SshSocket extends Duplex {
  private readonly child: ChildProcess;
  private complaint = "";

  constructor(private readonly host: HostAccess) {
    super({ allowHalfOpen: true });
    const argv = [...sshArguments(host), "docker", "system", "dial-stdio"];
    this.child = spawn("ssh", argv, { stdio: ["pipe", "pipe", "pipe"] });
    this.child.on("error", (error) => this.destroy(this.failure(error.message)));
    this.child.on("exit", (code) => {
      if (code !== 0) this.destroy(this.failure(this.complaint.trim() || `ssh ended with ${code}`));
    });
    this.child.stdin?.on("error", () => undefined); // the exit of ssh reports the reason
    this.child.stdout?.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) this.child.stdout?.pause();
    });
    this.child.stdout?.on("end", () => this.push(null));
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.complaint = `${this.complaint}${chunk.toString()}`.slice(-2000);
    });
  }

  private failure(found: string): ControlError {
    return new ControlError({
      doing: "reach the Docker engine by ssh",
      where: `host ${this.host.name}, ${this.host.docker}`,
      found,
      remedy:
        "Check that `ssh` to this address works without a question and runs `docker version`.",
    });
  }

  override _read(): void {
    this.child.stdout?.resume();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    if (this.child.stdin?.write(chunk) === true) done();
    else this.child.stdin?.once("drain", () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.child.stdin?.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.child.kill();
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

/** An http agent whose connections are `ssh HOST docker system dial-stdio`, one process each. */
export class SshAgent extends Agent {
  constructor(private readonly host: HostAccess) {
    super({ keepAlive: false, maxSockets: 8 });
  }

  /** Called by Node's http client for each new connection. */
  override createConnection(): Duplex {
    return new SshSocket(this.host);
  }
}
