import { createInterface } from "node:readline/promises";
import { existsSync, readFileSync } from "node:fs";
import { startEngine } from "./engineStart";
import type { Engine } from "./engine";
import { tools } from "./paths";
import { capture, logged, onPath } from "./process";
import type { Progress } from "./progress";
import type { Consent } from "./step";
import { atLeast, versions } from "./versions";

const installUrl = "https://docs.docker.com/engine/install";

/** Makes an engine answer, or says what the person has to do. */
export async function provideEngine(
  found: Engine | undefined,
  find: () => Promise<Engine | undefined>,
  progress: Progress,
  consent: Consent,
): Promise<void> {
  if (found && !atLeast(found.version, versions.docker.minimum)) {
    throw new Error(
      `The Docker engine at ${found.at} is ${found.version}; ${versions.docker.minimum} or newer is needed. Upgrade it (${installUrl}) and run the command again.`,
    );
  }
  if (found) return installCommand(found, progress, consent);
  if (process.env.DOCKER_HOST) {
    throw new Error(
      `No Docker engine answers at DOCKER_HOST=${process.env.DOCKER_HOST}. Start it there, or unset DOCKER_HOST to use this machine's own.`,
    );
  }
  refuseWhereNotPossible();
  if (!onPath("dockerd")) await install(["docker.io", "iptables"], progress, consent);
  await startEngine(find, progress);
}

function refuseWhereNotPossible(): void {
  if (process.platform === "darwin") {
    throw new Error(
      "No Docker engine answers. Start Docker Desktop (or colima, OrbStack); if there is none, install it from https://docs.docker.com/desktop. Then run the command again.",
    );
  }
  if (process.getuid?.() !== 0) {
    const what = onPath("dockerd")
      ? 'is installed but does not answer. Start it ("sudo systemctl start docker")'
      : `is not installed. Install it (${installUrl})`;
    throw new Error(
      `A Docker engine ${what}, see that this user may use it ("sudo usermod -aG docker $USER", then log in again), and run the command again. Run as root, the set-up does it by itself on Debian and Ubuntu.`,
    );
  }
}

function isDebian(): boolean {
  const file = "/etc/os-release";
  return (
    existsSync(file) &&
    /^(ID|ID_LIKE)=.*(debian|ubuntu)/m.test(readFileSync(file, "utf8")) &&
    onPath("apt-get") !== undefined
  );
}

// An engine without the docker command, as on a machine that was given only a socket.
async function installCommand(engine: Engine, progress: Progress, consent: Consent): Promise<void> {
  if (process.getuid?.() !== 0 || !isDebian()) {
    throw new Error(
      `The engine at ${engine.at} answers, but there is no docker command on PATH. Install the Docker CLI (${installUrl}) and run the command again.`,
    );
  }
  const split = (await capture("apt-cache", ["show", "docker-cli"])).code === 0;
  await install([split ? "docker-cli" : "docker.io"], progress, consent);
}

async function install(packages: string[], progress: Progress, consent: Consent): Promise<void> {
  if (!isDebian()) {
    throw new Error(
      `No Docker engine is installed, and this is neither Debian nor Ubuntu, where the set-up could install one. Install it (${installUrl}) and run the command again.`,
    );
  }
  await ask(packages, consent);
  await aptInstall(packages, progress);
  // Newer Debian has the command in a package of its own, which docker.io merely recommends.
  if (!onPath("docker")) await aptInstall(["docker-cli"], progress);
}

async function ask(packages: string[], consent: Consent): Promise<void> {
  if (consent.yes) return;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(
      `There is no Docker engine here. Install ${packages.join(" and ")} with apt-get and start it? [y/N] `,
    );
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new Error(
    `Not installed. Install a Docker engine yourself (${installUrl}) and run the command again.`,
  );
}

/** Installs Debian packages as root, without their recommendations. */
export async function aptInstall(packages: string[], progress: Progress): Promise<void> {
  const log = tools("logs", "apt.log");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const lock = ["-o", "DPkg::Lock::Timeout=300"];
  await progress.during(`installing ${packages.join(", ")} with apt-get`, async () => {
    await logged("apt-get", [...lock, "update"], log, { env });
    await logged(
      "apt-get",
      [...lock, "install", "-y", "--no-install-recommends", ...packages],
      log,
      { env },
    );
  });
}
