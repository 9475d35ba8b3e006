/** What a host has on its disk: users, host key, sshd's configuration, room for the engine. */
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ControlError } from "../../../control/errors";
import { must } from "./command";
import type { HostPlace } from "./place";

/** The user of every host that the operator logs in as: not root, in the docker group. */
export const DEPLOY = "deploy";
const LOWEST_UID = 2001;

/** Makes a host's disk if it has none; appears whole or not at all. */
export async function makeDisk(host: HostPlace, authorizedKey: string): Promise<void> {
  if (existsSync(host.disk)) return;
  const part = `${host.disk}.part`;
  removeTree(part);
  for (const name of ["etc.work", "docker", "docker-config", "ssh", "srv", "home"])
    mkdirSync(join(part, name), { recursive: true, mode: 0o755 });
  mkdirSync(join(part, "etc"), { mode: 0o755 });
  const id = writeUsers(join(part, "etc"));
  const folder = join(part, "home", DEPLOY, ".ssh");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, "authorized_keys"), authorizedKey, { mode: 0o600 });
  for (const path of [join(part, "home", DEPLOY), folder, join(folder, "authorized_keys")])
    chownSync(path, id, id);
  writeFileSync(join(part, "etc", "hostname"), `${host.name}\n`);
  writeFileSync(join(part, "etc", "hosts"), `127.0.0.1 localhost\n${host.address} ${host.name}\n`);
  writeFileSync(join(part, "ssh", "sshd_config"), sshdConfig(host.address));
  writeFileSync(join(part, "fstab"), "");
  await must({ doing: "make the host key", where: `host ${host.name}` }, "ssh-keygen", [
    "-q",
    "-t",
    "ed25519",
    "-N",
    "",
    "-C",
    "",
    "-f",
    join(part, "ssh", "ssh_host_ed25519_key"),
  ]);
  renameSync(part, host.disk);
}

/** Public host key, as the stack config has it: type and key. */
export function hostKey(host: HostPlace): string {
  const text = readFileSync(join(host.disk, "ssh", "ssh_host_ed25519_key.pub"), "utf8");
  return text.trim().split(" ").slice(0, 2).join(" ");
}

/**
 * Removes a folder of the lab with all in it.
 *
 * @throws when something is mounted below it: removing would reach into what is mounted.
 */
export function removeTree(path: string): void {
  const mounted = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point === path || point.startsWith(`${path}/`));
  if (mounted.length > 0)
    throw new ControlError({
      doing: `remove ${path}`,
      where: "this machine",
      found: `mounted there: ${mounted.join(", ")}`,
      remedy: "The lab mounts nothing there: see what did, unmount it, and run the command again.",
    });
  rmSync(path, { recursive: true, force: true });
}

// sshd's own limits (MaxStartups, MaxSessions) stay at their defaults: what runs against the lab has
// to live with them.
function sshdConfig(address: string): string {
  return [
    `ListenAddress ${address}`,
    "HostKey /etc/ssh/ssh_host_ed25519_key",
    `AllowUsers ${DEPLOY}`,
    "AuthorizedKeysFile .ssh/authorized_keys",
    "PermitRootLogin no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UsePAM no",
    "UseDNS no",
    "PidFile none",
    "Subsystem sftp internal-sftp",
    "",
  ].join("\n");
}

/** The machine's users and groups with `deploy` added, in an /etc of the host's own; gives its id. */
function writeUsers(etc: string): number {
  const read = (name: string): string[] =>
    readFileSync(`/etc/${name}`, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith(`${DEPLOY}:`));
  const [users, groups] = [read("passwd"), read("group")];
  const used = new Set([...users, ...groups].map((line) => Number(line.split(":")[2])));
  let id = LOWEST_UID;
  while (used.has(id)) id += 1;
  let gid = id + 1;
  while (used.has(gid)) gid += 1;
  const write = (name: string, lines: string[], mode = 0o644): void =>
    writeFileSync(join(etc, name), `${lines.join("\n")}\n`, { mode });
  write("passwd", [...users, `${DEPLOY}:x:${id}:${id}::/home/${DEPLOY}:/bin/bash`]);
  write("group", [...withMember(groups, gid), `${DEPLOY}:x:${id}:`]);
  // No password fits "*", and unlike "!" it does not lock the account for keys.
  write("shadow", [...read("shadow"), `${DEPLOY}:*:19000:0:99999:7:::`], 0o600);
  return id;
}

/** Groups with `deploy` in `docker`, which is made where the engine brought none. */
function withMember(groups: readonly string[], gid: number): string[] {
  const others = groups.filter((line) => !line.startsWith("docker:"));
  const own = groups.find((line) => line.startsWith("docker:"))?.split(":")[2] ?? String(gid);
  return [...others, `docker:x:${own}:${DEPLOY}`];
}
