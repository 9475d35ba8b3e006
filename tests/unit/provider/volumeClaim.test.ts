import { beforeEach, describe, expect, it, vi } from "vitest";
import * as directories from "../../../control/dataDirectory";
import * as docker from "../../../control/docker";
import type { VolumeClaimInputs } from "../../../model/resources";
import { volumeClaim } from "../../../provider/types/volumeClaim";

const inputs: VolumeClaimInputs = {
  host: { name: "pg1", docker: "unix:///var/run/docker.sock" },
  cluster: "orders",
  volume: "orders-pg1-postgres-1-data",
  owner: "us",
  directory: { path: "/srv/pg", uid: 5432, image: "postgres-ha/postgres:1" },
};
const path = "/srv/pg/orders-pg1-postgres-1-data";
const props = (change: Partial<VolumeClaimInputs> = {}) =>
  ({ ...inputs, ...change }) as unknown as Record<string, unknown>;

const made = vi.spyOn(directories, "claimDirectory");
const removed = vi.spyOn(directories, "removeDirectory");
const seen = vi.spyOn(directories, "seeDirectory");
const client = vi.spyOn(docker, "dockerClient");

function engineHas(volume: { owner?: string; device?: string } | undefined): void {
  const inspect = (): Promise<unknown> =>
    volume === undefined
      ? Promise.reject(Object.assign(new Error("no such volume"), { statusCode: 404 }))
      : Promise.resolve({
          Labels: volume.owner === undefined ? {} : { "postgres-ha.owner": volume.owner },
          Options: volume.device === undefined ? null : { device: volume.device },
        });
  client.mockReturnValue({ getVolume: () => ({ inspect }) } as never);
}

function diskHas(mark: string | undefined, found?: { uid: number; empty: boolean }): void {
  seen.mockResolvedValue({ mark, found });
}

beforeEach(() => {
  vi.unstubAllEnvs();
  made.mockReset().mockResolvedValue();
  removed.mockReset().mockResolvedValue();
  engineHas(undefined);
});

describe("a claim on a chosen disk", () => {
  it("makes a directory that is not there, and takes over an empty one without a mark", async () => {
    diskHas(undefined);
    await volumeClaim.create(props());
    expect(made.mock.calls.map((call) => call.slice(1))).toEqual([["us", true]]);
    diskHas(undefined, { uid: 0, empty: true });
    await volumeClaim.create(props());
    expect(made.mock.calls.at(-1)?.slice(1)).toEqual(["us", true]);
  });

  it("leaves its own as it is", async () => {
    diskHas("us", { uid: 5432, empty: false });
    await volumeClaim.create(props());
    expect(made).not.toHaveBeenCalled();
  });

  it("refuses data of others, and data that nobody marked", async () => {
    diskHas("them", { uid: 5432, empty: true });
    await expect(volumeClaim.create(props())).rejects.toThrow(/belongs to another stack/);
    diskHas(undefined, { uid: 5432, empty: false });
    await expect(volumeClaim.create(props())).rejects.toThrow(/not made by this stack/);
    expect(made).not.toHaveBeenCalled();
  });

  it("takes data over when told so, without making its directory anew", async () => {
    vi.stubEnv("PGHA_TAKE_OVER", "orders");
    diskHas("them", { uid: 5432, empty: false });
    await volumeClaim.create(props());
    expect(made.mock.calls.map((call) => call.slice(1))).toEqual([["us", false]]);
  });

  it("refuses data of another user, with what to do", async () => {
    diskHas("us", { uid: 1000, empty: false });
    await expect(volumeClaim.create(props())).rejects.toThrow(`sudo chown -R 5432:5432 ${path}`);
  });

  it("refuses a volume whose data is elsewhere", async () => {
    diskHas("us", { uid: 5432, empty: false });
    engineHas({ owner: "us" });
    await expect(volumeClaim.create(props())).rejects.toThrow(/a volume of Docker's own/);
    engineHas({ owner: "us", device: path });
    await volumeClaim.create(props());
    await expect(volumeClaim.create(props({ directory: undefined }))).rejects.toThrow(path);
  });
});

describe("a change of dataPath", () => {
  const failures = (old: Partial<VolumeClaimInputs>, now: Partial<VolumeClaimInputs>) =>
    volumeClaim.check?.(props(old), props(now)) ?? [];

  it("is refused in preview, either way", () => {
    const other = { ...inputs.directory, path: "/mnt/new", uid: 5432, image: "i" };
    expect(failures({}, { directory: other })[0]?.reason).toMatch(/\/srv\/pg.*\/mnt\/new/);
    expect(failures({ directory: undefined }, {})).toHaveLength(1);
    expect(failures({}, { directory: undefined })).toHaveLength(1);
  });

  it("is none for a new claim, or with another image", () => {
    expect(volumeClaim.check?.({}, props())).toEqual([]);
    const image = { path: "/srv/pg", uid: 5432, image: "postgres-ha/postgres:2" };
    expect(failures({}, { directory: image })).toEqual([]);
  });
});

describe("the end of a claim", () => {
  it("removes its directory, never one that is another's by now", async () => {
    diskHas("us", { uid: 5432, empty: false });
    await volumeClaim.delete(props());
    expect(removed).toHaveBeenCalledTimes(1);
    diskHas("them", { uid: 5432, empty: false });
    await volumeClaim.delete(props());
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it("leaves a volume of Docker's alone", async () => {
    seen.mockReset();
    await volumeClaim.delete(props({ directory: undefined }));
    expect(seen).not.toHaveBeenCalled();
  });
});
