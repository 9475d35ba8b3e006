import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, closeSync, readFileSync, rmSync } from "node:fs";
import type { Engine } from "./engine";
import { makeStateDir, state, tools } from "./paths";
import { logged } from "./process";
import type { Progress } from "./progress";
import { writeWhole } from "./stamp";

const usualMtu = 1500;
const pidFile = "/var/run/docker.pid";

/** Starts the installed engine, by systemd where it runs the machine, else by hand, and waits for it. */
export async function startEngine(
  find: () => Promise<Engine | undefined>,
  progress: Progress,
): Promise<void> {
  const systemd = existsSync("/run/systemd/system");
  const log = systemd ? "journalctl -u docker" : state("dockerd.log");
  let daemon: ChildProcess | undefined;
  if (systemd)
    await logged(
      "systemctl",
      ["start", "docker.socket", "docker.service"],
      tools("logs", "systemctl.log"),
      { timeoutMs: 120_000 },
    );
  else if (!runs(pidFile)) daemon = await byHand();
  await progress.during("waiting for the Docker engine", async () => {
    const deadline = Date.now() + 60_000;
    while (!(await find())) {
      const ended =
        daemon !== undefined && (daemon.exitCode !== null || daemon.signalCode !== null);
      if (ended || Date.now() > deadline) {
        const what = ended ? "ended at once" : "did not answer within 60 s";
        throw new Error(
          `The Docker engine was started but ${what}. ${lastWords(systemd)}Look at its log (${log}), start it yourself, and run the command again.`,
        );
      }
      await new Promise((done) => setTimeout(done, 300));
    }
  });
  progress.note(`the Docker engine runs (log: ${log})`);
}

function lastWords(systemd: boolean): string {
  if (systemd || !existsSync(state("dockerd.log"))) return "";
  return `Its last words:\n${readFileSync(state("dockerd.log"), "utf8")
    .trimEnd()
    .split("\n")
    .slice(-5)
    .map((line) => `    ${line}\n`)
    .join("")}`;
}

async function byHand(): Promise<ChildProcess> {
  makeStateDir();
  mkdirSync("/var/lib/docker", { recursive: true });
  // A machine that was switched off leaves these; dockerd refuses to start when the number in one
  // is some process by now.
  for (const file of [pidFile, "/var/run/docker/containerd/containerd.pid"])
    if (!runs(file)) rmSync(file, { force: true });
  const mtu = uplinkMtu();
  // Containers of a narrower uplink lose big packets without a word when they keep 1500.
  const args = mtu !== undefined && mtu < usualMtu ? ["--mtu", String(mtu)] : [];
  const log = openSync(state("dockerd.log"), "a", 0o600);
  // Detached: a session of its own, so that the end of this terminal does not end the engine.
  const daemon = spawn("dockerd", args, { detached: true, stdio: ["ignore", log, log], cwd: "/" });
  closeSync(log);
  await new Promise<void>((done, reject) => {
    daemon.once("spawn", done);
    daemon.once("error", (error) =>
      reject(new Error(`Starting dockerd failed: ${error.message}.`)),
    );
  });
  daemon.unref();
  writeWhole(state("dockerd.pid"), `${daemon.pid}\n`);
  return daemon;
}

/** True when a pid file names a living daemon of the engine, and not a dead one that nobody has reaped. */
function runs(file: string): boolean {
  if (!existsSync(file)) return false;
  const stat = `/proc/${readFileSync(file, "utf8").trim()}/stat`;
  if (!existsSync(stat)) return false;
  const [, name, status] = /\((.*)\) (\S)/s.exec(readFileSync(stat, "utf8")) ?? [];
  return (name === "dockerd" || name === "containerd") && status !== "Z";
}

/** The MTU of the interface with the default route; undefined when there is none. */
function uplinkMtu(): number | undefined {
  const route = readFileSync("/proc/net/route", "utf8")
    .split("\n")
    .map((line) => line.split("\t"));
  const uplink = route.find((fields) => fields[1] === "00000000")?.[0];
  if (!uplink) return undefined;
  const file = `/sys/class/net/${uplink}/mtu`;
  return existsSync(file) ? Number(readFileSync(file, "utf8").trim()) : undefined;
}
