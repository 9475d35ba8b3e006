/** One host: power on, power off, and whether it answers. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ControlError, excerpt } from "../../../control/errors";
import { quoteShell } from "../../../control/shell";
import { NotYet, until } from "../../../control/until";
import { root } from "../../../setup/paths";
import { type Captured, capture } from "../../../setup/process";
import { writeWhole } from "../../../setup/stamp";
import { agentSocket } from "./agent";
import { removeCgroup } from "./cgroups";
import { failure } from "./command";
import { DEPLOY, hostKey } from "./disk";
import { linkIsUp, netnsFile } from "./network";
import type { HostPlace, Place } from "./place";
import { firstProcess, inNamespace, killAll } from "./processes";

const INIT = join(root, "tests", "lab", "harness", "host.sh");
const START_MS = 60_000;
/** An engine that ends gives its containers their own grace, which may be two minutes. */
const END_MS = 180_000;

/** Starts a host that has a disk and a cable; one that runs is left alone. */
export async function powerOn(place: Place, host: HostPlace, mtu: number): Promise<void> {
  if (firstProcess(host.netns) !== undefined) return;
  // What an interrupted start has left of it.
  await powerOff(host);
  mkdirSync(host.folder, { recursive: true, mode: 0o700 });
  const log = openSync(host.log, "a", 0o600);
  const args = [
    `--net=${netnsFile(host.netns)}`,
    ...["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child"],
    ...["bash", INIT, host.disk, host.name, String(mtu), host.cgroup],
  ];
  // Detached: a session of its own, so that the end of this terminal does not end the host.
  const env = { PATH: process.env.PATH };
  const stdio: ["ignore", number, number] = ["ignore", log, log];
  const child = spawn("nsenter", args, { detached: true, stdio, cwd: "/", env });
  closeSync(log);
  let ended: string | undefined;
  child.once("error", ({ message }) => (ended = message));
  child.once("exit", (code, signal) => (ended = `its first process ended with ${code ?? signal}`));
  child.unref();
  await answers(place, host, () => ended);
}

/** Ends a host as a power cut does: nothing in it gets to know, its disk stays as it is. */
export async function powerOff(host: HostPlace): Promise<void> {
  await killAll(`all processes of host ${host.name}`, () => inNamespace(host.netns));
  await removeCgroup(host.cgroup);
}

/** Ends a host in good order: its engine stops the containers, then the power goes. */
export async function shutDown(host: HostPlace): Promise<void> {
  await mustInside(host, "shut the engine down", [
    ...["bash", "-c", 'touch /run/shutting-down && kill "$(cat /run/docker.pid)"'],
  ]);
  await until(`the end of the engine of host ${host.name}`, { timeoutMs: END_MS }, async () => {
    const { code } = await inside(host, ["test", "-e", "/run/docker.pid"]);
    if (code === 0) throw new NotYet("its pid file is there");
  });
  await powerOff(host);
}

/** Restarts a host's engine alone, and waits until the new one answers. */
export async function restartEngine(place: Place, host: HostPlace): Promise<void> {
  const pid = (): Promise<Captured> => inside(host, ["cat", "/run/docker.pid"]);
  const before = (await pid()).stdout;
  await mustInside(host, "restart the engine", ["kill", before.trim()]);
  await until(`a new engine on host ${host.name}`, { timeoutMs: END_MS }, async () => {
    const { code, stdout } = await pid();
    if (code !== 0 || stdout === before) throw new NotYet("the old one is there, or none");
  });
  await answers(place, host);
}

/**
 * Waits until `deploy` gets in by ssh and the engine answers; by way of the machine when the cable
 * is pulled.
 */
export async function answers(
  place: Place,
  host: HostPlace,
  ended: () => string | undefined = () => undefined,
): Promise<void> {
  const version = ["docker", "version", "--format", "{{.Server.Version}}"];
  const ask = (): Promise<Captured> =>
    linkIsUp(host) ? ssh(place, host, version) : inside(host, version);
  await until(`host ${host.name} at ${host.address}`, { timeoutMs: START_MS }, async () => {
    const end = ended();
    if (end !== undefined) throw notUp(host, end);
    const { code, stderr } = await ask();
    if (code !== 0) throw new NotYet(`${stderr.trim()}; its log is ${host.log}`);
  });
}

function notUp(host: HostPlace, found: string): ControlError {
  const log = existsSync(host.log) ? excerpt(readFileSync(host.log, "utf8")) : "";
  return new ControlError({
    doing: "power the host on",
    where: `host ${host.name}, log ${host.log}`,
    found: `${found}: ${log}`,
    remedy: 'Correct that and run "npm run lab -- up" again.',
  });
}

/** Runs a command on a host by ssh as `deploy`, knowing its key from its disk. */
export function ssh(place: Place, host: HostPlace, argv: readonly string[]): Promise<Captured> {
  const known = join(host.folder, "known_hosts");
  writeWhole(known, `${host.address} ${hostKey(host)}\n`, 0o600);
  const options = [
    ...["BatchMode=yes", "ConnectTimeout=3", "StrictHostKeyChecking=yes", "LogLevel=ERROR"],
    ...[`UserKnownHostsFile=${known}`, "GlobalKnownHostsFile=/dev/null"],
  ].flatMap((option) => ["-o", option]);
  const to = [`${DEPLOY}@${host.address}`, "--", argv.map(quoteShell).join(" ")];
  const env = { ...process.env, SSH_AUTH_SOCK: agentSocket(place) };
  return capture("ssh", ["-F", "none", ...options, ...to], { env, timeoutMs: 30_000 });
}

/** Arguments of `nsenter` that lead into a host, as root. */
export function entering(host: HostPlace): string[] {
  const pid = firstProcess(host.netns);
  if (pid === undefined)
    throw new ControlError({
      doing: "enter the host",
      where: `host ${host.name}`,
      found: "it is off",
      remedy: `Run "npm run lab -- power-on ${host.name}".`,
    });
  return [`--target=${pid}`, "--mount", "--uts", "--ipc", "--net", "--pid", "--"];
}

/** Runs a command in a host as root; its cable need not be plugged in. */
export function inside(host: HostPlace, argv: readonly string[]): Promise<Captured> {
  return capture("nsenter", [...entering(host), ...argv], { timeoutMs: 60_000 });
}

/** The same that has to succeed; gives what was printed. */
export async function mustInside(
  host: HostPlace,
  doing: string,
  argv: readonly string[],
): Promise<string> {
  const ran = await inside(host, argv);
  const [command = "", ...args] = argv;
  if (ran.code !== 0) throw failure({ doing, where: `host ${host.name}` }, command, args, ran);
  return ran.stdout;
}
