import { beforeEach, describe, expect, it, vi } from "vitest";
import * as archive from "../../../control/archive";
import * as docker from "../../../control/docker";
import { lookAtData, permitBootstrap, systemIdentifierOf } from "../../../control/memberData";
import * as tasks from "../../../control/task";
import type { MemberData } from "../../../model/hostResources";

const member: MemberData = {
  host: { name: "pg1", docker: "unix:///var/run/docker.sock" },
  container: "orders-pg1-postgres-1",
  volume: "orders-pg1-postgres-1-data",
  dataDirectory: "/var/lib/postgresql/17/data",
  image: "postgres-ha/postgres:1",
};
const PERMIT = "/var/lib/postgresql/.may-bootstrap";
const CONTROL = "/var/lib/postgresql/17/data/global/pg_control";
const TASK = "orders-pg1-postgres-1-data-look";

const files = vi.spyOn(archive, "getFile");
const put = vi.spyOn(archive, "putFiles");
const state = vi.spyOn(docker, "containerState");
const client = vi.spyOn(docker, "dockerClient");
const made = vi.spyOn(tasks, "createTask");
const removed = vi.spyOn(tasks, "removeTask");

const status = (code: number): Error => Object.assign(new Error("no"), { statusCode: code });
const containers = new Set<string>();

/** What lies in the volume, and whether there is one. */
function given({ volume = true, ...found }: { volume?: boolean; [path: string]: unknown }): void {
  files.mockImplementation(({ container }, path) =>
    Promise.resolve(containers.has(container) ? (found[path] as Buffer | undefined) : undefined),
  );
  const inspect = () => (volume ? Promise.resolve({}) : Promise.reject(status(404)));
  client.mockReturnValue({ getVolume: () => ({ inspect }) } as never);
}

function control(identifier: bigint, little = true): Buffer {
  const bytes = Buffer.alloc(8192);
  if (little) {
    bytes.writeBigUInt64LE(identifier, 0);
    bytes.writeUInt32LE(1700, 8);
  } else {
    bytes.writeBigUInt64BE(identifier, 0);
    bytes.writeUInt32BE(1700, 8);
  }
  return bytes;
}

beforeEach(() => {
  containers.clear();
  put.mockReset().mockResolvedValue();
  state.mockReset().mockImplementation(({ container }) => {
    const exists = containers.has(container);
    return Promise.resolve({ exists, running: exists, status: exists ? "running" : "missing" });
  });
  made.mockReset().mockImplementation(({ container }) => {
    containers.add(container);
    return Promise.resolve({} as never);
  });
  removed.mockReset().mockImplementation(({ container }) => {
    containers.delete(container);
    return Promise.resolve();
  });
});

describe("a look into a member's data", () => {
  it("goes through its container, where there is one", async () => {
    containers.add(member.container);
    given({ [CONTROL]: control(7_300_000_000_000_000_001n) });
    expect(await lookAtData(member)).toEqual({ kind: "data", identifier: "7300000000000000001" });
    expect(made).not.toHaveBeenCalled();
  });

  it("goes through a container of its own else, and removes it", async () => {
    given({ [CONTROL]: control(5n) });
    expect(await lookAtData(member)).toEqual({ kind: "data", identifier: "5" });
    expect(made.mock.calls[0]?.[1].HostConfig?.Mounts).toEqual([
      { Type: "volume", Source: member.volume, Target: "/var/lib/postgresql" },
    ]);
    expect([...containers]).toEqual([]);
  });

  it("tells an empty volume, and one in which PostgreSQL has not run yet", async () => {
    given({});
    expect(await lookAtData(member)).toMatchObject({ kind: "none", found: /holds no data/ });
    given({ [PERMIT]: Buffer.from(""), [CONTROL]: control(5n) });
    expect(await lookAtData(member)).toEqual({ kind: "permit" });
  });

  it("makes no volume: Docker would, for a container that names it", async () => {
    given({ volume: false });
    expect(await lookAtData(member)).toMatchObject({ kind: "none", found: "does not exist" });
    expect(made).not.toHaveBeenCalled();
  });

  it("finds data on a chosen disk whose volume is gone with its engine", async () => {
    const device = "/srv/pg/orders-pg1-postgres-1-data";
    given({ volume: false, [CONTROL]: control(5n) });
    expect(await lookAtData({ ...member, device })).toMatchObject({ identifier: "5" });
    expect(made.mock.calls[0]?.[1].HostConfig?.Mounts).toMatchObject([
      { Type: "bind", Source: device },
    ]);
    made.mockRejectedValue(Object.assign(new Error("refused"), { cause: status(400) }));
    expect(await lookAtData({ ...member, device })).toMatchObject({ found: "is not there" });
  });

  it("takes a container that went away meanwhile, or a missing image, for no empty volume", async () => {
    given({});
    files.mockImplementation(({ container }) => {
      containers.delete(container);
      return Promise.resolve(undefined);
    });
    await expect(lookAtData(member)).rejects.toThrow(/went away meanwhile/);
    made.mockRejectedValue(Object.assign(new Error("no such image"), { cause: status(404) }));
    await expect(lookAtData(member)).rejects.toThrow("no such image");
  });
});

describe("the system identifier", () => {
  it("is read in either byte order", () => {
    expect(systemIdentifierOf(control(2n ** 63n + 1n), "x")).toBe("9223372036854775809");
    expect(systemIdentifierOf(control(2n ** 63n + 1n, false), "x")).toBe("9223372036854775809");
  });

  it("of a file that is cut short is an error with its place", () => {
    expect(() => systemIdentifierOf(Buffer.alloc(4), "volume v on host pg1")).toThrow(
      /volume v on host pg1.*4 bytes/,
    );
  });
});

describe("a permit", () => {
  it("is a file of the member's user beside PGDATA", async () => {
    given({});
    await permitBootstrap(member);
    const [task, directory, written] = put.mock.calls[0] ?? [];
    expect([task?.container, directory]).toEqual([TASK, "/var/lib/postgresql"]);
    expect(written?.get(".may-bootstrap")).toMatchObject({ uid: 5432, mode: 0o600 });
  });

  it("is an error where there is no volume", async () => {
    given({ volume: false });
    await expect(permitBootstrap(member)).rejects.toThrow(/allow a new cluster.*not there/);
  });
});
