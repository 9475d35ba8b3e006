/** HAProxy's runtime API, by the socket in its container. What it is told a reload forgets. */
import type { ContainerAccess } from "../model/access";
import { place } from "./docker";
import { ControlError, excerpt } from "./errors";
import { execChecked } from "./exec";

const SOCKET = "UNIX-CONNECT:/run/haproxy/admin.sock";

async function ask(haproxy: ContainerAccess, command: string): Promise<string> {
  if (/[\n;]/.test(command)) throw new Error(`"${command}" is more than one command`);
  const argv = ["socat", "-t", "4", "-", SOCKET];
  return execChecked(haproxy, argv, { stdin: `${command}\n`, timeoutMs: 8000 });
}

/**
 * A change of a server. False where there is no such server: a member
 * that is going to leave is not in the configuration any more.
 */
export async function setServer(
  haproxy: ContainerAccess,
  server: string,
  change: "state drain" | "state ready",
): Promise<boolean> {
  // It says something only when it refuses.
  const said = (await ask(haproxy, `set server ${server} ${change}`)).trim();
  if (said === "") return true;
  if (/^no such (server|backend)\b/i.test(said)) return false;
  throw new ControlError({
    doing: `set server ${server} to ${change}`,
    where: place(haproxy),
    found: excerpt(said),
    remedy: "Look whether its configuration has this server: `up` writes it.",
  });
}

/** Servers of a backend and their status: `UP`, `DOWN`, `DRAIN`, `UP 1/2`, ... */
export async function serverStatus(
  haproxy: ContainerAccess,
  backend: string,
): Promise<Map<string, string>> {
  const text = await ask(haproxy, "show stat -1 4 -1");
  const [head = "", ...rows] = text.trim().split("\n");
  const status = head.replace(/^# /, "").split(",").indexOf("status");
  const servers = rows.map((row) => row.split(",")).filter((cells) => cells[0] === backend);
  return new Map(servers.map((cells) => [cells[1] ?? "", cells[status] ?? ""]));
}
