/** Where the bench works: a cluster, a state and ports of its own, removed at the end. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { findEngine } from "../setup/engine";
import { root } from "../setup/paths";
import type { HostAccess } from "../model/access";

/** Name of the bench's cluster: prefix of all that it makes on the engine. */
export const CLUSTER = "pgha-bench";
/** All ports lie this far above those of the dev stack, so that one may run meanwhile. */
const PORT_SHIFT = 13_000;

const PORTS = {
  postgres: 5432,
  patroni: 8008,
  haproxyPrimary: 5000,
  haproxyReplicas: 5001,
  haproxyStats: 7000,
  pgbouncerPrimary: 6432,
  pgbouncerReplicas: 6433,
  consulRpc: 8300,
  consulGossip: 8301,
  consulHttps: 8501,
  agentGossip: 8391,
  agentHttps: 8591,
  backrest: 8432,
};

/** A folder of the bench's own, gone when the process ends, whatever ends it. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "postgres-ha-bench-"));
  process.on("exit", () => {
    removeLeftovers();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The local engine. */
export async function localHost(): Promise<HostAccess> {
  const engine = await findEngine();
  if (engine?.at.startsWith("unix://")) return { name: "local", docker: engine.at };
  throw new Error(
    `The bench needs a Docker engine at a unix socket of this machine; found: ${engine?.at ?? "none"}. Unset DOCKER_HOST, or start the engine, and run it again.`,
  );
}

/** The dev stack's config under the bench's name and ports, without the protection of its data. */
export function benchConfig(host: HostAccess): Record<string, unknown> {
  const dev = parse(readFileSync(join(root, "Pulumi.dev.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  const hosts = (dev.config["postgres-ha:hosts"] as object[]).map((one) => ({
    ...one,
    docker: host.docker,
  }));
  const shifted = Object.entries(PORTS).map(([name, port]) => [name, port + PORT_SHIFT]);
  return {
    ...dev.config,
    "postgres-ha:cluster": CLUSTER,
    "postgres-ha:hosts": hosts,
    "postgres-ha:ports": Object.fromEntries(shifted) as unknown,
    "postgres-ha:protect": false,
  };
}

/** Removes what the bench made on the engine, now or in an earlier run that was killed. */
export function removeLeftovers(): void {
  remove(["ps", "-aq", "--filter", `name=^/?${CLUSTER}-`], ["rm", "-fv"]);
  remove(["volume", "ls", "-q", "--filter", `name=^${CLUSTER}-`], ["volume", "rm", "-f"]);
  remove(["network", "ls", "-q", "--filter", `name=^${CLUSTER}$`], ["network", "rm"]);
}

// Synchronous, for it is also what the end of the process does.
function remove(list: readonly string[], removal: readonly string[]): void {
  const found = spawnSync("docker", [...list], { encoding: "utf8" });
  const names = found.stdout?.split("\n").filter(Boolean) ?? [];
  if (names.length > 0) spawnSync("docker", [...removal, ...names], { stdio: "ignore" });
}
