/** Where the bench of several hosts works: a lab of its own, removed at the end. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "../setup/paths";
import { Lab } from "../tests/lab/harness/lab";
import { placeOf } from "../tests/lab/harness/place";
import { CLUSTER } from "./place";

const LABEL = "bench";

/** The bench's lab: another one than a person's, and than those of the tests. */
export function labOfBench(): Lab {
  return new Lab(placeOf(root, LABEL));
}

/** Has the lab removed when the process ends, whatever ends it. */
export function removeLabAtExit(): void {
  process.on("exit", () => {
    // At once, for it is the end of the process.
    const argv = [join(root, "setup", "run.mjs"), "lab", "down"];
    const env = { ...process.env, PGHA_LAB: LABEL };
    const { status, stderr } = spawnSync(process.execPath, argv, { env, encoding: "utf8" });
    if (status !== 0) process.stderr.write(`Removing the lab of the bench failed: ${stderr}\n`);
  });
}

/** The prod stack's config on these hosts, with members that a machine bears five of. */
export function hostsConfig(hosts: readonly Record<string, unknown>[]): Record<string, unknown> {
  const prod = parse(readFileSync(join(root, "Pulumi.prod.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  const parts = ["consul", "postgres", "haproxy", "pgbouncer"];
  const last = hosts.length - 1;
  return {
    ...prod.config,
    "postgres-ha:cluster": CLUSTER,
    "postgres-ha:hosts": hosts.map((host, index) => ({
      ...host,
      runs: index === last ? [...parts, "backup"] : parts,
    })),
    "postgres-ha:resources": { memoryMiB: { postgres: 768 }, shmSizeMiB: 256 },
    "postgres-ha:protect": false,
  };
}
