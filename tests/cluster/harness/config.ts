import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parse, stringify } from "yaml";
import { cluster, hostName, portsOf, work } from "./identity";

/** A nested document. */
export type Tree = { [key: string]: unknown };

const SALT = "encryptionsalt";

/** The stack file of the tests: never one of the checkout's. */
export const stackFile = work("project", `Pulumi.${cluster}.yaml`);

/** Config of the test cluster: as Pulumi.dev.yaml, with names, ports and a network of its own. */
export function baseConfig(ports: number, subnet: string): Tree {
  return {
    cluster,
    hosts: [
      {
        name: hostName,
        docker: "unix:///var/run/docker.sock",
        runs: { consul: 3, postgres: 3, haproxy: 1, pgbouncer: 1, backup: 1 },
      },
    ],
    network: { subnet },
    ports: portsOf(ports),
    postgres: {
      version: 17,
      parameters: { work_mem: "4MB" },
      databases: [{ name: "app", owner: "app", extensions: ["pg_trgm"] }],
      users: [{ name: "app" }],
    },
    resources: { memoryMiB: { postgres: 512 }, shmSizeMiB: 128 },
  };
}

/** Writes the stack file; the salt that Pulumi put into it stays. */
export function writeConfig(config: Tree): void {
  const before = existsSync(stackFile) ? (parse(readFileSync(stackFile, "utf8")) as Tree) : {};
  const keys = Object.entries(config).map(([key, value]) => [`postgres-ha:${key}`, value]);
  const salt = SALT in before ? { [SALT]: before[SALT] } : {};
  writeFileSync(stackFile, stringify({ ...salt, config: Object.fromEntries(keys) as Tree }));
}

/** The config as it is in the stack file now. */
export function readConfig(): Tree {
  const { config } = parse(readFileSync(stackFile, "utf8")) as { config: Tree };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(/^postgres-ha:/, ""), value]),
  );
}

/** Joins a patch into a document: objects deeply, all else replaced, `undefined` removes. */
export function merged(into: Tree, patch: Tree): Tree {
  const result = { ...into };
  for (const [key, value] of Object.entries(patch)) {
    const old = result[key];
    if (value === undefined) delete result[key];
    else result[key] = isTree(old) && isTree(value) ? merged(old, value) : value;
  }
  return result;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
