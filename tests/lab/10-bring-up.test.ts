import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../model/topology";
import { query } from "../harness/dialler";
import { ENDPOINTS, type EndpointKind } from "../harness/outputs";
import { lines, ok } from "../harness/run";
import { broughtUp, members, outputs, psql, targets, useCluster } from "./stack/cluster";
import { previewClean, upUnchanged } from "./stack/commands";
import { CHOSEN_DISK } from "./stack/config";
import { allContainers, docker, on } from "./stack/hosts";
import { cluster, lab } from "./stack/identity";

useCluster();

const WHERE = "SELECT pg_is_in_recovery()::text AS replica";
const READERS: EndpointKind[] = ["replicas", "pooledReplicas"];
const addresses = (): string[] => lab.hosts.map(({ address }) => address);

describe("`up` from nothing on three hosts", () => {
  it("carries the images to each of them, and says how far it is", async () => {
    const { seconds, text } = broughtUp();
    console.log("up from nothing:", seconds.toFixed(0), "s");
    expect(text).toMatch(/carrying \d+ images? \(\d+ MB\) to host pg[123]\b/);
    expect(text).toMatch(/host pg[123] has \d+ images? \(\d+ MB\) after \d+ s/);
    expect(text).toContain(`Cluster ${cluster} is up.`);
    const list = ["images", "--no-trunc", "--format", "{{.Repository}} {{.ID}}"];
    const own = await ok("docker", list);
    for (const { name } of lab.hosts) {
      const there = lines(await docker(name, list));
      expect(there.map((line) => line.split(" ")[0]).sort(), name).toEqual(
        ["consul", "files", "haproxy", "pgbouncer", "postgres", "probe"].map(
          (one) => `postgres-ha/${one}`,
        ),
      );
      for (const line of there) expect(own).toContain(line);
    }
  });

  it("has a member of its own on each, one of them the leader", async () => {
    const hosts = outputs().operations.members.map(({ host }) => host.name);
    expect(hosts).toEqual(["pg1", "pg2", "pg3"]);
    const roles = (await members.view()).members.map(({ role }) => role).sort();
    expect(roles).toEqual(["leader", "quorum_standby", "quorum_standby"]);
  });

  it("has the data of a host with `dataPath` on that disk, its owner and mark beside it", async () => {
    const { host, path } = CHOSEN_DISK;
    const member = `${cluster}-${host}-postgres-1-data`;
    const find = ["find", path, "-maxdepth", "3", "-printf", "%P %U %m\n"];
    const found = lines(await on(host, find));
    expect(found).toContain(`${member} 5432 700`);
    expect(found).toContain(`${member}/17/data 5432 700`);
    expect(found.some((line) => line.startsWith(`${member}.owner `))).toBe(true);
  });

  it("gives one endpoint of each kind on each host", () => {
    for (const [kind, list] of Object.entries(outputs().endpoints) as [string, Endpoint[]][])
      expect(
        list.map(({ host }) => host),
        kind,
      ).toEqual(addresses());
  });

  it.each(ENDPOINTS)(
    "has every %s endpoint answer, certificate and address verified",
    async (kind) => {
      const replicas: string[] = [];
      for (const target of targets(kind)) {
        const [row] = await query<{ replica: string }>(target, WHERE);
        replicas.push(row?.replica ?? "");
      }
      if (kind === "direct") expect(replicas.sort()).toEqual(["false", "true", "true"]);
      else expect(new Set(replicas)).toEqual(new Set([READERS.includes(kind) ? "true" : "false"]));
    },
  );

  it.each(ENDPOINTS)("has psql connect by the %s connection string as it is", async (kind) => {
    const uri = outputs().connectionStrings.app?.[kind] ?? "";
    for (const address of addresses()) expect(uri).toContain(address);
    expect(uri).toContain("sslmode=verify-full");
    const { code, stdout, stderr } = await psql(uri, WHERE);
    expect(code, stderr).toBe(0);
    expect(stdout.trim()).toBe(READERS.includes(kind) ? "true" : "false");
  });

  it("is left as it is by a second `up`, and a preview shows nothing", async () => {
    const before = await allContainers();
    const again = await upUnchanged();
    expect(again.code, again.stdout).toBe(0);
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
    console.log("unchanged up:", again.seconds, "s; preview:", clean.seconds, "s");
    expect(await allContainers()).toEqual(before);
  });
});
