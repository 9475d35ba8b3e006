import Docker from "dockerode";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HostAccess } from "../../../model/access";
import type { ImageInputs } from "../../../model/resources";
import { buildImage } from "../../../provider/imageBuild";
import { image } from "../../../provider/types/image";
import { differences } from "../../../provider/diff";
import { FakeEngine } from "./fakeEngine";

const engines = new Map<string, FakeEngine>();

vi.mock("../../../control/docker", async (original) => ({
  ...(await original<object>()),
  dockerClient: ({ name }: HostAccess) =>
    new Docker({ socketPath: engines.get(name)?.socket ?? "/nowhere/docker.sock" }),
}));
vi.mock("../../../provider/imageBuild", () => ({ buildImage: vi.fn() }));

const HOSTS = ["pg1", "pg2", "pg3"];
const TAGS = ["postgres-ha/postgres:1a", "postgres-ha/consul:2b", "postgres-ha/files:3c"];

const access = (name: string): HostAccess => ({ name, docker: `ssh://deploy@${name}` });
const engine = (name: string): FakeEngine => {
  const found = engines.get(name);
  if (found === undefined) throw new Error(`no engine ${name}`);
  return found;
};

function inputs(host: string, tag: string): ImageInputs & Record<string, unknown> {
  const others = HOSTS.filter((name) => name !== host).map(access);
  return { host: access(host), tag, context: "docker/x", buildArgs: {}, extraFiles: [], others };
}

const idOf = (created: { state: object }) => (created.state as { imageId: string }).imageId;

beforeEach(async () => {
  vi.stubEnv("DOCKER_HOST", "unix:///the/operators/own.sock");
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  for (const name of ["operator", ...HOSTS]) engines.set(name, await new FakeEngine().start());
  vi.mocked(buildImage).mockImplementation(async ({ name }, { tag }) => {
    await new Promise((resolve) => setImmediate(resolve));
    engine(name).images.set(tag, `sha256:id-of-${tag}`);
  });
});

afterEach(() => {
  for (const one of engines.values()) one.stop();
  engines.clear();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.mocked(buildImage).mockReset();
});

describe("Image on remote hosts", () => {
  it("is built once for all hosts, and goes to each in one stream", async () => {
    const wants = HOSTS.flatMap((host) => TAGS.map((tag) => inputs(host, tag)));
    const created = await Promise.all(wants.map((want) => image.create(want)));
    expect(
      vi
        .mocked(buildImage)
        .mock.calls.map(([, { tag }]) => tag)
        .sort(),
    ).toEqual([...TAGS].sort());
    expect(created.map(idOf)).toEqual(wants.map(({ tag }) => `sha256:id-of-${tag}`));
    for (const host of HOSTS) {
      expect(engine(host).loads).toHaveLength(1);
      expect([...(engine(host).loads[0] ?? [])].sort()).toEqual([...TAGS].sort());
    }
  });

  it("is not carried to a host that has it", async () => {
    engine("pg1").images.set("a/b:1", "sha256:here");
    expect(idOf(await image.create(inputs("pg1", "a/b:1")))).toBe("sha256:here");
    expect([engine("pg1").loads, vi.mocked(buildImage).mock.calls]).toEqual([[], []]);
  });

  it("is taken from another host before it is built a second time", async () => {
    engine("pg3").images.set("a/b:1", "sha256:there");
    engine("pg2").stop();
    expect(idOf(await image.create(inputs("pg1", "a/b:1")))).toBe("sha256:there");
    expect(vi.mocked(buildImage)).not.toHaveBeenCalled();
    expect(engine("operator").images.size).toBe(0);
  });

  it("needs an engine to build it, where nobody has it", async () => {
    engine("operator").stop();
    await expect(image.create(inputs("pg1", "a/b:1"))).rejects.toThrow(
      /find the image.*no other host has it.*Start a Docker engine where you run `up`/,
    );
  });

  it.each<[string, (host: FakeEngine, own: FakeEngine) => void, RegExp]>([
    ["another id", (host) => (host.spoiled = "sha256:other"), /sha256:other came to be here/],
    ["an error", (host) => (host.loadError = "no space left"), /load the images.*no space left/],
    ["a cut", (_, own) => (own.cutAfter = 100_000), /cannot (pack|load) the images/],
    ["the wrong processor", (host) => (host.architecture = "arm64"), /made for amd64.*is arm64/],
  ])("is not taken for carried after %s", async (_, spoil, message) => {
    engine("operator").images.set("a/b:1", "sha256:here");
    spoil(engine("pg1"), engine("operator"));
    await expect(image.create(inputs("pg1", "a/b:1"))).rejects.toThrow(message);
    expect(engine("pg1").images.get("a/b:1")).not.toBe("sha256:here");
  });
});

describe("Image under whose tag is another one", () => {
  it("gets its tag back where it is still there, else is carried again", async () => {
    const [tag, mine] = ["a/b:1", "sha256:mine"];
    engine("operator").images.set(tag, mine);
    const { state } = await image.create(inputs("pg1", tag));
    const host = engine("pg1");
    host.images.set("kept:1", mine).set(tag, "sha256:foreign");
    const drifted = await image.read(state);
    expect(drifted?.tag).toBe("a/b:1 (another image: sha256:foreign)");
    expect(await image.update(drifted ?? {}, inputs("pg1", tag))).toEqual(state);
    expect([host.images.get(tag), host.loads.length]).toEqual([mine, 1]);
    host.images.delete("kept:1");
    host.images.set(tag, "sha256:foreign");
    expect(await image.update((await image.read(state)) ?? {}, inputs("pg1", tag))).toEqual(state);
    expect([host.images.get(tag), host.loads.length]).toEqual([mine, 2]);
  });
});

it("Image is no change when hosts or a registry are added", () => {
  const state = { ...inputs("pg1", "a/b:1"), imageId: "sha256:here" };
  const news = { ...inputs("pg1", "a/b:1"), others: [], registry: "registry.example.org" };
  expect(differences(image, state, news)).toEqual({ changed: [], replaces: [] });
});
