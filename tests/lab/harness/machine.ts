/** What a lab needs of the machine that it runs on. */
import { existsSync } from "node:fs";
import { ControlError } from "../../../control/errors";
import { aptInstall } from "../../../setup/engineInstall";
import { onPath } from "../../../setup/process";
import { lines } from "../../../setup/progress";
import { ensure } from "../../../setup/setup";

/** Sees that the machine has what a lab is made of. */
export async function ready(): Promise<void> {
  requireRoot();
  await ensure(["engine"]);
  const needed = {
    "/usr/sbin/sshd": "openssh-server",
    ip: "iproute2",
    iptables: "iptables",
    "/usr/sbin/nft": "nftables",
  };
  const missing = Object.entries(needed)
    .filter(([program]) => !existsSync(program) && onPath(program) === undefined)
    .map(([, name]) => name);
  if (missing.length > 0) await aptInstall(missing, lines);
}

/** Refuses a machine or a user that cannot have a lab. */
export function requireRoot(): void {
  if (process.platform === "linux" && process.getuid?.() === 0) return;
  throw new ControlError({
    doing: "work on the lab",
    where: "this machine",
    found: `it is ${process.platform}, user ${process.getuid?.() ?? "?"}`,
    remedy: "The lab makes network namespaces: run it as root on Linux.",
  });
}
