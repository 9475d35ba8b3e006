import { existsSync } from "node:fs";
import { request } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import { provideEngine } from "./engineInstall";
import { capture, onPath } from "./process";
import type { Found, Step } from "./step";
import { atLeast, versions } from "./versions";

/** What an engine says of itself. */
export interface Engine {
  version: string;
  /** Processor in Go's words: amd64, arm64. */
  arch: string;
  /** The address that it answered at. */
  at: string;
}

/** The sockets that an engine of this machine may listen at. */
function sockets(): string[] {
  const given = process.env.DOCKER_HOST;
  if (given) return given.startsWith("unix://") ? [given.slice("unix://".length)] : [];
  return ["/var/run/docker.sock", join(homedir(), ".docker", "run", "docker.sock")];
}

function askSocket(path: string): Promise<Engine | undefined> {
  return new Promise((done) => {
    const asked = request({ socketPath: path, path: "/version", timeout: 5000 }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => done(parseVersion(text, `unix://${path}`)));
    });
    // Nobody listens, or not we may ask: no engine here, which the caller says.
    asked.on("error", () => done(undefined)).on("timeout", () => asked.destroy());
    asked.end();
  });
}

function parseVersion(text: string, at: string): Engine | undefined {
  try {
    const { Version, Arch } = JSON.parse(text) as { Version?: string; Arch?: string };
    return Version && Arch ? { version: Version, arch: Arch, at } : undefined;
  } catch {
    // Something else than an engine answered.
    return undefined;
  }
}

async function askCommand(): Promise<Engine | undefined> {
  if (!onPath("docker")) return undefined;
  const { code, stdout } = await capture("docker", ["version", "--format", "{{json .Server}}"], {
    timeoutMs: 10_000,
  });
  return code === 0
    ? parseVersion(stdout, process.env.DOCKER_HOST ?? "the current docker context")
    : undefined;
}

/** Asks the engine that DOCKER_HOST, or else this machine's usual socket, leads to. */
export async function findEngine(): Promise<Engine | undefined> {
  for (const path of sockets().filter(existsSync)) {
    const engine = await askSocket(path);
    if (engine) return engine;
  }
  return askCommand();
}

/** The processor that the engine's containers run on; this machine's when there is no engine yet. */
export async function engineArch(): Promise<string> {
  const own = process.arch === "x64" ? "amd64" : process.arch;
  return (await findEngine())?.arch ?? own;
}

async function check(): Promise<Found> {
  const wanted = `${versions.docker.minimum} or newer`;
  const engine = await findEngine();
  if (!engine) {
    const at = process.env.DOCKER_HOST;
    return {
      present: false,
      version: wanted,
      from: at ? `nothing answers at DOCKER_HOST=${at}` : "no engine answers",
    };
  }
  const { version, at } = engine;
  if (!atLeast(version, versions.docker.minimum))
    return { present: false, version: wanted, from: `${version} is at ${at}, too old` };
  if (!onPath("docker"))
    return {
      present: false,
      version: wanted,
      from: `engine ${version} is at ${at}, but there is no docker command`,
    };
  return { present: true, version, from: at };
}

/** The Docker engine: used where it answers, started where it is stopped, installed where it may be. */
export function engineStep(): Step {
  return {
    name: "Docker engine",
    check,
    provide: async (progress, consent) =>
      provideEngine(await findEngine(), () => findEngine(), progress, consent),
  };
}
