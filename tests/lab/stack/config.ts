import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { merged, type Tree } from "../../harness/stackFile";
import { cluster, HOSTS, lab, work } from "./identity";

/** What every host runs. */
export const ALL_PARTS = ["consul", "postgres", "haproxy", "pgbouncer"];

/** The host whose data lies on a chosen disk instead of in named volumes, and where. */
export const CHOSEN_DISK = { host: "pg3", path: "/srv/pg" };

/** The entries of the first `count` hosts of the lab; the repository is on the first. */
export function hostEntries(count = HOSTS): Tree[] {
  const entries = lab.stackHosts((name) =>
    name === "pg1" ? [...ALL_PARTS, "backup"] : [...ALL_PARTS],
  );
  const { host, path } = CHOSEN_DISK;
  return entries
    .slice(0, count)
    .map((entry) => (entry.name === host ? { ...entry, dataPath: path } : entry));
}

/** Names of the hosts of the base config; the lab may have more, that an earlier file needed. */
export const hostNames = (): string[] => hostEntries().map(({ name }) => String(name));

const SETTLED = work("settled.json");
const settled = (): Tree =>
  existsSync(SETTLED) ? (JSON.parse(readFileSync(SETTLED, "utf8")) as Tree) : {};

/** Makes a change part of the base config for the rest of the run: one that no test need undo. */
export function settle(patch: Tree): void {
  writeFileSync(SETTLED, JSON.stringify(merged(settled(), patch)));
}

/** Config of the cluster between two files of tests: as Pulumi.prod.yaml, of a smaller size. */
export function baseConfig(): Tree {
  return merged(initialConfig(), settled());
}

function initialConfig(): Tree {
  return {
    cluster,
    hosts: hostEntries(),
    postgres: {
      version: 17,
      parameters: { work_mem: "4MB" },
      databases: [{ name: "app", owner: "app", extensions: ["pg_trgm"] }],
      users: [
        { name: "app" },
        { name: "reporting", memberOf: ["pg_read_all_data"], connectionLimit: 10 },
      ],
    },
    // Five PgBouncers fit into max_connections.
    pool: { size: 10, reserve: 2 },
    resources: { memoryMiB: { postgres: 512 }, shmSizeMiB: 128 },
  };
}

/** The hosts of the base config with something more, or something else, in the entries of some. */
export function hostsWith(changes: Readonly<Record<string, Tree>>): { hosts: Tree[] } {
  return { hosts: hostEntries().map((entry) => ({ ...entry, ...changes[String(entry.name)] })) };
}
