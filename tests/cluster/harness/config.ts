import { StackFile, type Tree } from "../../harness/stackFile";
import { cluster, hostName, portsOf, work } from "./identity";

/** The stack file of the tests: never one of the checkout's. */
export const stackFile = new StackFile(work("project", `Pulumi.${cluster}.yaml`));

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
