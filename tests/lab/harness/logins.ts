/** Who has logged in to a host, as its sshd wrote it down. */
import { existsSync, readFileSync } from "node:fs";
import type { HostPlace } from "./place";

/** Addresses that logged in since the host was made, in order; one for each login. */
export function logins({ log }: HostPlace): string[] {
  if (!existsSync(log)) return [];
  const text = readFileSync(log, "utf8");
  return [...text.matchAll(/^Accepted publickey for \S+ from (\S+) /gm)].map(
    ([, from]) => from ?? "",
  );
}
