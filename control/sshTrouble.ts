/** What ssh's complaints mean to a person. */
import { createHash } from "node:crypto";
import type { HostAccess } from "../model/access";
import { ControlError } from "./errors";

/** An error of a connection; `said` is what ssh had to say. */
export function sshFailure(host: HostAccess, said: string): ControlError {
  return new ControlError({
    doing: "reach the Docker engine by ssh",
    where: `host ${host.name}, ${host.docker}`,
    ...(/host key verification failed/i.test(said) ? wrongKey(host, said) : anything(said)),
  });
}

function anything(found: string) {
  const remedy =
    "Check that `ssh` to this address works without a question and runs `docker version`.";
  return { found, remedy };
}

/** ssh would have one edit a file that is ours and gone; what counts are the two keys. */
function wrongKey(host: HostAccess, said: string) {
  const shown = /SHA256:[A-Za-z0-9+/]+/.exec(said)?.[0] ?? "of another type";
  return {
    found: `the key that it shows is ${shown}, and hostKey in the stack config is ${fingerprint(host.hostKey)}`,
    remedy: `If host ${host.name} was made anew, compare with \`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\` on it and set its hostKey; else somebody may stand in between.`,
  };
}

/** As ssh-keygen prints it. */
function fingerprint(key = ""): string {
  const blob = Buffer.from(key.split(" ")[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}
