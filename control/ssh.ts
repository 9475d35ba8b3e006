/** Shared connections to remote hosts by the system `ssh`: whom to trust, how to log in. */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HostAccess } from "../model/access";
import { dockerKey } from "./dockerKey";
import { ControlError } from "./errors";
import { privateDirectory } from "./sshDirectory";
import { Lanes } from "./sshLanes";
import { sshFailure } from "./sshTrouble";

const CONNECT_SECONDS = 10;
/** A login may wait for a touch of somebody's security key, but not for ever. */
const LOGIN_SECONDS = 60;
/** How long a host that nobody could log in to is not tried again. */
const AGAIN_MS = 10_000;

/** Name under which the host's key stands in its known_hosts file, whatever its address and port. */
function keyAlias(host: HostAccess): string {
  return `pgha-${host.name.replace(/[^A-Za-z0-9.-]/g, "_")}`;
}

/** What each known_hosts file holds. */
const written = new Map<string, string>();

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
  if (written.get(file) !== key) writeFileSync(file, `${keyAlias(host)} ${key}\n`, { mode: 0o600 });
  written.set(file, key);
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
  const key = dockerKey(host);
  const known = hosts.get(key);
  if (known !== undefined) return known;
  const short = createHash("sha256").update(key).digest("hex").slice(0, 8);
  const lanes = new Lanes(
    (index) => join(privateDirectory(), `s${index}-${short}`),
    (path) => logInOnce(host, key, path),
  );
  hosts.set(key, lanes);
  return lanes;
}

const refused = new Map<string, { readonly error: unknown; readonly until: number }>();

/** Logs in, unless that has failed a moment ago: each of many resources on a silent host would wait anew. */
async function logInOnce(host: HostAccess, key: string, path: string): Promise<void> {
  const last = refused.get(key);
  if (last !== undefined && Date.now() < last.until) throw last.error;
  try {
    await logIn(host, path);
  } catch (error) {
    refused.set(key, { error, until: Date.now() + AGAIN_MS });
    throw error;
  }
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

/** What a program has said on stderr so far, its end. */
export function complaintOf(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text = `${text}${chunk.toString()}`.slice(-2000);
  });
  return () => text.trim();
}

/** A session on a shared connection. */
export interface SshSession {
  /** Arguments of `ssh`, without a command. */
  readonly argv: readonly string[];
  /** To be called once, when the session has ended. */
  release(): void;
}

/** A place for one session with a host; logs in where that is needed. */
export async function sshSession(host: HostAccess): Promise<SshSession> {
  const lane = await lanesOf(host).take();
  return { argv: sshArguments(host, lane.path), release: () => lane.release() };
}
