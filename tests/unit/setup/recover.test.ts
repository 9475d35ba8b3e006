import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dockerProviderAccess } from "../../../model/dockerProvider";
import type { Deployment } from "../../../setup/record/deployment";
import { atWork, halfMade } from "../../../setup/recover";

const PROVIDER = "urn:pulumi:dev::p::pulumi:providers:docker::dev-local";
const CONTAINER = "docker:index/container:Container";
const container = (name: string, id?: string) => ({
  urn: `urn:pulumi:dev::p::${CONTAINER}::${name}`,
  type: CONTAINER,
  provider: `${PROVIDER}::some-id`,
  inputs: { name },
  ...(id === undefined ? {} : { id }),
});
const provider = {
  urn: PROVIDER,
  type: "pulumi:providers:docker",
  id: "some-id",
  inputs: { host: "unix:///var/run/docker.sock" },
};

describe("halfMade", () => {
  const local = { name: "dev-local", docker: "unix:///var/run/docker.sock" };

  it("names a container whose creation never ended, and its engine", () => {
    const deployment: Deployment = {
      resources: [provider],
      pending_operations: [{ type: "creating", resource: container("pg-2") }],
    };
    expect(halfMade(deployment)).toEqual([{ host: local, container: "pg-2" }]);
  });

  it("knows the key of a host that is reached by ssh, as the SDK records it", () => {
    const access = {
      name: "dev-local",
      docker: "ssh://deploy@pg1",
      hostKey: "ssh-ed25519 AAAAC3/+= pg1",
    };
    const { host, sshOpts } = dockerProviderAccess(access);
    for (const recorded of [sshOpts, JSON.stringify(sshOpts)]) {
      const remote = { ...provider, inputs: { host, sshOpts: recorded } };
      const pending = [{ type: "creating", resource: container("pg-2") }];
      const found = halfMade({ resources: [remote], pending_operations: pending });
      expect(found).toEqual([{ host: access, container: "pg-2" }]);
    }
  });

  it("leaves out one that was made after all, what is no container, and what was not being made", () => {
    const volume = { ...container("pg-2-data"), type: "docker:index/volume:Volume" };
    const deployment: Deployment = {
      resources: [provider, container("pg-2", "aa20")],
      pending_operations: [
        { type: "creating", resource: container("pg-2") },
        { type: "creating", resource: volume },
        { type: "deleting", resource: container("pg-3") },
      ],
    };
    expect(halfMade(deployment)).toEqual([]);
    expect(halfMade({})).toEqual([]);
  });

  it("names one whose replacement was being made, also when nothing tells of the making any more", () => {
    const old = { ...container("pg-2", "aa20"), pendingReplacement: true };
    const found = [{ host: local, container: "pg-2" }];
    const creating = [{ type: "creating", resource: container("pg-2") }];
    expect(halfMade({ resources: [provider, old], pending_operations: creating })).toEqual(found);
    expect(halfMade({ resources: [provider, old] })).toEqual(found);
  });
});

describe("the lock of a command", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pgha-lock-"));
    vi.stubEnv("PGHA_STATE", folder);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  function lock(pid: number): void {
    const locks = join(folder, "backend", ".pulumi", "locks", "organization", "p", "dev");
    mkdirSync(locks, { recursive: true });
    writeFileSync(join(locks, "one.json"), JSON.stringify({ pid, hostname: hostname() }));
  }

  it("counts while its process runs", () => {
    lock(process.pid);
    expect(atWork("p", "dev")).toEqual([`process ${process.pid} on ${hostname()}`]);
  });

  it.runIf(existsSync("/proc/self/stat"))(
    "of one that nobody has reaped is a dead one's",
    async () => {
      // The shell's child ends while the program that the shell has become never waits for it.
      const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 30"]);
      try {
        const [said] = (await once(parent.stdout, "data")) as [Buffer];
        lock(Number(said.toString()));
        await vi.waitFor(() => expect(atWork("p", "dev")).toEqual([]), 5000);
        expect(() => process.kill(Number(said.toString()), 0)).not.toThrow();
      } finally {
        parent.kill();
      }
    },
  );
});
