/** How the Docker provider of Pulumi reaches a host: what the program declares, and setup/ keeps recorded. */
import type { HostAccess } from "./access";

/** The part of the Docker provider's configuration that says how a host is reached. */
export interface DockerProviderAccess {
  /** Address of the engine. */
  readonly host: string;
  /** Options of ssh; none without a host key. */
  readonly sshOpts?: string[];
}

/** What the Docker provider is given to reach a host. */
export function dockerProviderAccess({ docker, hostKey }: HostAccess): DockerProviderAccess {
  return { host: docker, ...(hostKey === undefined ? {} : { sshOpts: pinnedTo(hostKey) }) };
}

/**
 * The way to a host that a provider's recorded configuration holds: what `dockerProviderAccess` wrote. The
 * SDK records lists as JSON.
 */
export function recordedAccess(
  name: string,
  { host, sshOpts }: Readonly<Record<string, unknown>>,
): HostAccess | undefined {
  if (typeof host !== "string") return undefined;
  const hostKey = PINNED.exec(JSON.stringify(sshOpts) ?? "")?.[1];
  return { name, docker: host, ...(hostKey === undefined ? {} : { hostKey }) };
}

/** A public key has no quotes and no backslashes, which JSON in JSON has around it. */
const PINNED = /KnownHostsCommand=\/bin\/echo %H ([^"\\]+)/;

/** The option by which only this key is accepted; `%H` is the name that ssh looks a key up by. */
export function pinningOption(hostKey: string): string {
  return `KnownHostsCommand=/bin/echo %H ${hostKey}`;
}

function pinnedTo(hostKey: string): string[] {
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UserKnownHostsFile=/dev/null",
    "GlobalKnownHostsFile=/dev/null",
    pinningOption(hostKey),
    // A host that is silent is told of in half a minute, also when it falls silent under way.
    "ConnectTimeout=10",
    "ServerAliveInterval=10",
    "ServerAliveCountMax=2",
  ];
  return options.flatMap((option) => ["-o", option]);
}
