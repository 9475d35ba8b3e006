import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { ok } from "../harness/run";
import { outputs } from "./harness/context";
import { inspect, logs, ownContainers, ownVolumes, tryInside } from "./harness/docker";
import { cluster } from "./harness/identity";
import { exportStack, printed, processes, stateFolder } from "./harness/pulumi";
import { forms, Search, type Secret, secretsOf } from "./harness/secrets";

let secrets: Secret[] = [];
let search = new Search([]);
let containers: string[] = [];

beforeAll(async () => {
  secrets = secretsOf(await exportStack(true));
  search = new Search(secrets);
  containers = await ownContainers();
});

describe("the search", () => {
  it("knows every secret that the outputs tell", () => {
    const { credentials, operations } = outputs();
    const { caPrivateKey, caCertificate: _, passwords, ...keys } = operations.keys;
    const known = new Set(secrets.map(({ value }) => value));
    const told = [
      ...Object.values(credentials),
      ...Object.values(passwords),
      ...Object.values(keys),
      operations.consulViewerToken,
    ];
    for (const value of [...told, caPrivateKey.split("\n")[1] ?? ""])
      expect(known.has(value)).toBe(true);
  });

  it("knows keys and tokens of every container", () => {
    for (const part of [
      "postgres-1",
      "consul-1",
      "agent-1",
      "haproxy-1",
      "pgbouncer-1",
      "backup-1",
    ])
      expect(
        secrets.some(({ where }) => where.startsWith(`${cluster}-local-${part}`)),
        part,
      ).toBe(true);
    expect(secrets.length).toBeGreaterThan(40);
  });

  it("finds a value raw, URL-encoded, and in base64 at every offset", () => {
    const search = new Search([{ where: "here", value: "p/a+ss word=with%things" }]);
    expect(forms("p/a+ss word=with%things").length).toBeGreaterThan(4);
    for (const offset of [0, 1, 2, 3]) {
      const text = `${"x".repeat(offset)}p/a+ss word=with%things and more`;
      expect(search.in(text)).toEqual(["here"]);
      expect(search.in(Buffer.from(text).toString("base64"))).toEqual(["here"]);
    }
    expect(search.in(encodeURIComponent("p/a+ss word=with%things"))).toEqual(["here"]);
    expect(search.in("p/a+ss word")).toEqual([]);
  });

  it("finds all of them in a state in the clear", async () => {
    const clear = (await exportStack(true))
      .replaceAll("\\\\n", "\n")
      .replaceAll("\\\\\\", "")
      .replaceAll('\\"', '"');
    expect(search.in(clear).length).toBeGreaterThan(30);
  });
});

describe("no secret is in", () => {
  it("`docker inspect` of a container, volume, network or image", async () => {
    const images = [
      ...new Set(await Promise.all(containers.map((name) => inspect(name, "{{.Config.Image}}")))),
    ];
    const text = await ok("docker", [
      "inspect",
      ...containers,
      ...(await ownVolumes()),
      cluster,
      ...images,
    ]);
    expect(text.length).toBeGreaterThan(10_000);
    expect(search.in(text)).toEqual([]);
    for (const image of images)
      expect(search.in(await ok("docker", ["history", "--no-trunc", image]))).toEqual([]);
  });

  it("the list of processes, now and during every `up` of this run", async () => {
    const now = await ok("ps", ["auxww"]);
    expect(now).toContain("patroni");
    expect(search.in(now)).toEqual([]);
    const before = readFileSync(processes, "utf8");
    expect(before).toContain("pulumi");
    expect(search.in(before)).toEqual([]);
  });

  it("the environment of a container's processes", async () => {
    for (const name of containers) {
      const { stdout } = await tryInside(name, [
        "sh",
        "-c",
        "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'",
      ]);
      expect(search.in(stdout), name).toEqual([]);
    }
  });

  it("a container's log", async () => {
    for (const name of containers) expect(search.in(await logs(name)), name).toEqual([]);
  });

  it("what Pulumi printed in this run", () => {
    const text = readFileSync(printed, "utf8");
    expect(text).toContain("$ pulumi up");
    expect(search.in(text)).toEqual([]);
  });

  it("the state on disk", () => {
    const files = readdirSync(stateFolder, {
      recursive: true,
      encoding: "utf8",
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile() && entry.name !== "passphrase")
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.some((file) => file.endsWith(".json"))).toBe(true);
    for (const file of files) {
      const raw = readFileSync(file);
      const text = file.endsWith(".gz") ? gunzipSync(raw).toString() : raw.toString();
      expect(search.in(text), file).toEqual([]);
    }
  });

  it("an export of the stack", async () => {
    const text = await exportStack(false);
    expect(text).toContain(cluster);
    expect(search.in(text)).toEqual([]);
  });
});
