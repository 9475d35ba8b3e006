import type { HostAccess } from "../model/access";

/** What tells one host's engine, and the way to it, from another's. */
export function dockerKey(host: HostAccess): string {
  return JSON.stringify([host.name, host.docker, host.hostKey]);
}
