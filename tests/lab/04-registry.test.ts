import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ownEngine } from "../../control/images";
import type { HostAccess } from "../../model/access";
import { provideImage } from "../../provider/imageProvide";
import { root } from "../../setup/paths";
import { ok, run } from "../harness/run";
import { readLab } from "./harness/record";
import { Lab } from "./harness/lab";
import { gateway, placeOf } from "./harness/place";
import { LabRegistry } from "./harness/registry";

/** A lab of this file's own: the one that a person works with is left alone. */
const lab = new Lab(placeOf(root, "lab-registry"));
const NAME = "registry-test";
let registry: LabRegistry | undefined;

const access = (name: string): HostAccess => {
  const host = lab.hosts.find((one) => one.name === name);
  if (!host) throw new Error(`the lab has no host ${name}`);
  return host;
};
/** The smallest of the project's images, under a tag that nothing else has. */
const tagOf = (version: string): string => `postgres-ha/${NAME}:${version}`;
const provide = (host: HostAccess, version: string): Promise<string> =>
  provideImage({
    ...{ host, tag: tagOf(version), context: "docker/files", extraFiles: [], others: [] },
    buildArgs: { VERSION: version },
    registry: place(),
  });
const place = (): string => registry?.place ?? "";
const asked = (): readonly string[] => registry?.asked ?? [];
const pulledBy = (name: string): string[] =>
  asked().filter((line) => line.startsWith("GET") && line.endsWith(lab.host(name).address));
const pushes = (): string[] => asked().filter((line) => /^PUT .*\/manifests\//.test(line));
const said = (work: Promise<unknown>): Promise<string> => work.then(() => "no error", String);

beforeAll(async () => {
  await lab.down();
  await lab.up(2);
  Object.assign(process.env, lab.environment());
  registry = await LabRegistry.start(lab, readLab(lab.place)?.block ?? "");
}, 300_000);
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  const names = await ok("docker", ["images", "--format", "{{.Repository}}:{{.Tag}}"]);
  const made = names.split("\n").filter((name) => name.includes(NAME));
  if (made.length > 0) await run("docker", ["rmi", ...made]);
  await registry?.stop();
  await lab.down();
}, 120_000);

describe("a registry with a login", () => {
  it("gets an image once, and each host pulls it by digest with the operator's login", async () => {
    vi.stubEnv("DOCKER_CONFIG", registry?.login);
    const ids = await Promise.all(["pg1", "pg2"].map((name) => provide(access(name), "1")));
    expect(pushes()).toHaveLength(1);
    for (const [index, name] of ["pg1", "pg2"].entries()) {
      const format = ["--format", "{{.Id}} {{json .RepoDigests}}"];
      const seen = await lab.inside(name, ["docker", "image", "inspect", ...format, tagOf("1")]);
      const pinned = `${place()}/${NAME}@sha256:`;
      expect(seen.stdout).toContain(`${ids[index]} ["${pinned}`);
      // By digest: no host asks for what a tag means at the moment.
      const asked = pulledBy(name).filter((line) => line.includes("/manifests/"));
      expect(asked).not.toEqual([]);
      expect(asked.filter((line) => !line.includes("/manifests/sha256:"))).toEqual([]);
      // The login went along with the request, and stayed here.
      expect((await lab.inside(name, ["find", "/home", "-path", "*/.docker/*"])).stdout).toBe("");
    }
  }, 120_000);

  it("is asked for what this machine lacks before it is built here", async () => {
    vi.stubEnv("DOCKER_CONFIG", registry?.login);
    const id = await provide(access("pg1"), "1");
    await ok("docker", ["rmi", "--force", id]);
    const own = gateway(readLab(lab.place)?.block ?? "");
    const before = asked().length;
    expect(await provide(ownEngine(), "1")).toBe(id);
    const pulled = asked()
      .slice(before)
      .filter((line) => line.startsWith("GET") && line.endsWith(` ${own}`));
    expect(pulled.filter((line) => line.includes("/blobs/sha256:"))).not.toEqual([]);
    expect(pushes()).toHaveLength(1);
  }, 60_000);

  it("that refuses is told of with what to do, and nothing gets to the host", async () => {
    const error = await said(provide(access("pg1"), "2"));
    expect(error).toMatch(/pull the image.*no basic auth.*docker login/s);
    expect(error).toContain(place());
    expect((await lab.inside("pg1", ["docker", "images", "-q", tagOf("2")])).stdout).toBe("");
  }, 60_000);

  it("that a host does not trust is told of with that host", async () => {
    vi.stubEnv("DOCKER_CONFIG", registry?.login);
    await lab.inside("pg2", ["rm", "-r", "/etc/docker/certs.d"]);
    const error = await said(provide(access("pg2"), "3"));
    expect(error).toMatch(/pull the image.*pg2.*certificate/s);
    expect(await provide(access("pg1"), "3")).toMatch(/^sha256:/);
  }, 60_000);
});
