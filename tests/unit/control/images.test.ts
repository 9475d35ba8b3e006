import { afterEach, describe, expect, it, vi } from "vitest";
import { digestIn, registryName } from "../../../control/imageRegistry";
import { ownEngine, sameImage, type ImageSeen } from "../../../control/images";

const SEEN: ImageSeen = {
  id: "sha256:aa",
  created: "2026-01-02T03:04:05.123456789Z",
  architecture: "amd64",
  layers: ["sha256:01", "sha256:02"],
};

describe("sameImage", () => {
  it("goes by the id, or by content where two kinds of engine have two ids for it", () => {
    expect(sameImage(SEEN, { ...SEEN, layers: [] })).toBe(true);
    const other = { ...SEEN, id: "sha256:bb" };
    expect(sameImage(SEEN, other)).toBe(true);
    expect(sameImage(SEEN, { ...other, layers: ["sha256:01"] })).toBe(false);
    expect(sameImage(SEEN, { ...other, created: "2026-01-02T03:04:06Z" })).toBe(false);
    const empty = { ...SEEN, layers: [] };
    expect(sameImage(empty, { ...empty, id: "sha256:bb" })).toBe(false);
  });
});

describe("a registry", () => {
  it("has the image under its own name", () => {
    const tag = "postgres-ha/postgres:0123456789ab";
    expect(registryName("registry.example.org/team", tag)).toBe(
      "registry.example.org/team/postgres:0123456789ab",
    );
    expect(registryName("localhost:5000", tag)).toBe("localhost:5000/postgres:0123456789ab");
  });

  it("tells the digest by the output of push and pull", () => {
    const digest = `sha256:${"0a".repeat(32)}`;
    expect(digestIn(`a: Pushed\n0123456789ab: digest: ${digest} size: 741\n`)).toBe(digest);
    expect(digestIn(`17: Pulling from x\nDigest: ${digest}\nStatus: up to date`)).toBe(digest);
    expect(digestIn(`0123456789ab: digest: ${digest}00 size: 741\n`)).toBeUndefined();
    expect(digestIn("0123: Pushed")).toBeUndefined();
  });
});

describe("ownEngine", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("is DOCKER_HOST where that is a socket, and nothing else", () => {
    vi.stubEnv("DOCKER_HOST", "unix:///run/user/1000/docker.sock");
    expect(ownEngine().docker).toBe("unix:///run/user/1000/docker.sock");
    vi.stubEnv("DOCKER_HOST", "");
    expect(ownEngine().docker).toMatch(/^unix:\/\/\/.*docker\.sock$/);
    vi.stubEnv("DOCKER_HOST", "tcp://10.0.0.1:2375");
    expect(() => ownEngine()).toThrow(/DOCKER_HOST=tcp.*not a socket of this machine.*unset it/);
  });
});
