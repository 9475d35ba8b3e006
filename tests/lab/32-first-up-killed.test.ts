import { expect, it } from "vitest";
import { healthy, members, outputs, refreshOutputs, useCluster } from "./stack/cluster";
import { ops, previewClean, removeAll, up } from "./stack/commands";
import { hostNames } from "./stack/config";
import { allContainers, docker, volumesOf } from "./stack/hosts";
import { cluster } from "./stack/identity";
import { killedUp } from "./stack/killedUp";

useCluster();

/** What the first `up` is at when it is killed with its plugins, one after the other. */
const POINTS: Record<string, RegExp> = {
  "while keys are written": /CertificateAuthority \S+ creating/,
  "while the ports are tried": /pgha:index:Preflight \S+ creating/,
  "while Consul's rights are set": /pgha:index:ConsulAcl \S+ creating/,
  "while the first member makes its data": new RegExp(`Container ${cluster}-\\w+-postgres-1 creat`),
  "while the backup's stanza is made": /Stanza \S+ creating/,
  "while roles are made": /Role \S+ creating/,
};
const system = async () =>
  (await members.status(await members.leader())).database_system_identifier;

it("comes up though its first `up` is killed, and killed again", async () => {
  const old = await system();
  try {
    await removeAll();
    expect(await allContainers()).toEqual({});
    for (const name of hostNames()) expect(await volumesOf(name)).toEqual([]);

    for (const [name, pattern] of Object.entries(POINTS)) {
      const killed = await killedUp({}, (running) => running.line(pattern), 200);
      console.log(`first up killed ${name}: ${killed.length} processes`);
    }
  } finally {
    await up();
    await refreshOutputs();
    await healthy();
  }
  expect(await system()).not.toBe(old);
  expect(outputs().members).toHaveLength(3);
  const clean = await previewClean();
  expect(clean.code, clean.stdout).toBe(0);
  // The way into the backups was made as well.
  await ops(["status"]);
  // Nor is anything left of what was there for a moment.
  for (const host of hostNames()) {
    const names = ["--format", "{{.Name}}"];
    expect(await docker(host, ["network", "ls", ...names])).not.toContain("preflight");
    const all = await docker(host, ["ps", "--all", "--format", "{{.Names}} {{.Image}}"]);
    expect(all).not.toMatch(/preflight|probe/);
  }
}, 900_000);
