import { beforeAll, describe, expect, it } from "vitest";
import { planTopology } from "../../../model/topology";
import { rawStack, stackConfig } from "../topology/stacks";
import { placed } from "../topology/instances";
import { type Declared, isSecret, passwordOf, type Run, runProgram, unmarked } from "./mockEngine";

const topology = planTopology(stackConfig("dev"));
let run: Run;

beforeAll(async () => {
  run = await runProgram();
}, 60_000);

const ofType = (type: string): Declared[] => run.declared.filter((one) => one.type.endsWith(type));
const only = <T>(values: readonly T[]): T => {
  const [value] = values;
  if (value === undefined || values.length !== 1) throw new Error(`${values.length} for one`);
  return value;
};
const named = (type: string, name: string): Declared =>
  only(ofType(type).filter((one) => one.name === name));
/** Containers that run; the holder of config volumes never does. */
const containers = (): Declared[] =>
  ofType(":Container").filter((one) => one.inputs.start !== false);

/** Everything that a resource waits for, directly or through others. */
function waitsFor(name: string, seen = new Set<string>()): Set<string> {
  for (const one of run.declared.filter((declared) => declared.name === name)) {
    for (const next of one.dependsOn) {
      if (seen.has(next)) continue;
      seen.add(next);
      waitsFor(next, seen);
    }
  }
  return seen;
}

describe("the whole program of dev", () => {
  it("declares a container for every instance, and one holder that never starts", () => {
    expect(
      containers()
        .map((one) => one.name)
        .sort(),
    ).toEqual(
      placed(topology)
        .map(({ instance }) => instance.name)
        .sort(),
    );
    const holder = only(ofType(":Container").filter((one) => one.inputs.start === false));
    expect(holder.inputs).toMatchObject({ mustRun: false, networkMode: "none" });
  });

  it("gives no two resources of a type one name", () => {
    const names = run.declared.map((one) => `${one.type}::${one.name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it("uses an explicit provider for everything of Docker", () => {
    const docker = run.declared.filter((one) => one.type.startsWith("docker:"));
    expect(docker.length).toBeGreaterThan(30);
    for (const one of docker) expect(one.provider).toContain("::dev-local::");
  });

  it("has one parent at the top", () => {
    const [cluster] = ofType(":PostgresCluster");
    const orphans = run.declared.filter(
      (one) => one.parent === "" || one.parent === "postgres-ha-test",
    );
    expect(orphans.map((one) => one.type)).toEqual([cluster?.type]);
  });
});

describe("every container", () => {
  const each = (look: (inputs: Record<string, unknown>, name: string) => void): void => {
    expect(containers()).toHaveLength(14);
    for (const { inputs, name } of containers()) look(inputs, name);
  };

  it("is not root", () => {
    each(({ user }) => {
      expect(user).toMatch(/^[1-9][0-9]*:[1-9][0-9]*$/);
    });
  });

  it("has a read-only root, and nothing executable in what it may write", () => {
    each(({ readOnly, tmpfs }) => {
      expect(readOnly).toBe(true);
      for (const options of Object.values(tmpfs as Record<string, string>)) {
        expect(options).toMatch(/noexec,nosuid,nodev,size=/);
      }
    });
  });

  it("has no capabilities, no way to new privileges, no host of its own", () => {
    each((inputs) => {
      expect(inputs.capabilities).toEqual({ drops: ["ALL"] });
      expect(inputs.securityOpts).toEqual(["no-new-privileges:true"]);
      for (const key of ["privileged", "networkMode", "pidMode", "ipcMode", "devices", "hosts"]) {
        expect(inputs).not.toHaveProperty(key);
      }
    });
  });

  it("has bounded memory without swap, and a bounded log", () => {
    each(({ memory, memorySwap, logOpts }) => {
      expect(memory).toBeGreaterThanOrEqual(32);
      expect(memorySwap).toBe(memory);
      expect(logOpts).toEqual({ "max-size": "20m", "max-file": "3" });
    });
  });

  it("publishes on no wildcard address, under the number that it listens on", () => {
    each(({ ports }) => {
      for (const port of ports as { ip: string; internal: number; external: number }[]) {
        expect(port.ip).toBe("127.0.0.1");
        expect(port.external).toBe(port.internal);
      }
    });
  });

  it("gets plain inputs: no secret, no output of another resource", () => {
    for (const container of ofType(":Container")) {
      expect(isSecret(container.inputs)).toBe(false);
      const outputs = Object.values(container.propertyDependencies).flat();
      expect(outputs).toEqual([]);
      expect(JSON.stringify(container.inputs)).not.toContain("password-of-");
    }
  });

  it("mounts its config read-only, and waits for it, its network and its image", () => {
    for (const { name, inputs } of containers()) {
      const volumes = inputs.volumes as { containerPath: string; readOnly?: boolean }[];
      const config = volumes.find((volume) => volume.containerPath === "/etc/postgres-ha");
      expect(config?.readOnly).toBe(true);
      const before = [...waitsFor(name)];
      expect(before).toEqual(expect.arrayContaining(["dev-local-network", "dev-local-files"]));
      expect(before.some((other) => other.endsWith("-files"))).toBe(true);
      expect(before.some((other) => other.startsWith("dev-local-image-"))).toBe(true);
    }
  });

  it("makes way before its successor comes, as names and ports are fixed", () => {
    for (const one of ofType(":Container")) expect(one.deleteBeforeReplace).toBe(true);
  });

  it("of a member has two minutes to end", () => {
    for (const { name } of topology.members) {
      const { inputs } = named(":Container", name);
      expect(inputs).toMatchObject({ stopTimeout: 120, destroyGraceSeconds: 120 });
    }
  });
});

describe("the members", () => {
  it("wait for each other in the order of the roll, and for no one behind", () => {
    topology.members.forEach((member, index) => {
      const before = waitsFor(member.name);
      const others = topology.members.filter((other) => other.name !== member.name);
      const waited = others.filter((other) => before.has(other.name)).map((other) => other.name);
      expect(waited).toEqual(topology.members.slice(0, index).map((other) => other.name));
    });
  });

  it("are drained before their container: it waits for the drain, the drain for the one before", () => {
    topology.members.forEach((member, index) => {
      expect(named(":Container", member.name).dependsOn).toContain(`${member.name}-drain`);
      const drain = named(":Drain", `${member.name}-drain`);
      const previous = topology.members[index - 1];
      if (previous) expect(drain.dependsOn).toContain(previous.name);
      else expect(drain.dependsOn).toEqual([]);
    });
  });

  it("share no trigger, and a trigger follows its container's settings only", async () => {
    const triggers = (of: Run): unknown[] =>
      of.declared.filter((one) => one.type.endsWith(":Drain")).map((one) => one.inputs.trigger);
    expect(new Set(triggers(run)).size).toBe(topology.members.length);
    const { vi } = await import("vitest");
    vi.resetModules();
    const raw = rawStack("dev");
    raw.pool = { size: 10 };
    raw.postgres = { ...(raw.postgres as object), parameters: { work_mem: "8MB" } };
    expect(triggers(await (await import("./mockEngine")).runProgram(raw))).toEqual(triggers(run));
    vi.resetModules();
    raw.resources = { memoryMiB: { postgres: 640 }, shmSizeMiB: 128 };
    const changed = triggers(await (await import("./mockEngine")).runProgram(raw));
    expect(changed.filter((trigger) => triggers(run).includes(trigger))).toEqual([]);
  });

  it("share a run directory and data with their sidecar, nothing with other members", () => {
    const volumesOf = (name: string): string[] =>
      (named(":Container", name).inputs.volumes as { volumeName: string }[]).map(
        (v) => v.volumeName,
      );
    for (const member of topology.members) {
      expect(volumesOf(member.backrest.name)).toEqual(volumesOf(member.name));
      for (const volume of volumesOf(member.name))
        expect(volume.startsWith(member.name)).toBe(true);
    }
  });
});

describe("data and keys", () => {
  it("are protected: data of PostgreSQL, Consul and backups, every password, the authority", () => {
    const data = [...topology.members, ...topology.consulServers, topology.repository];
    for (const instance of data) {
      expect(named(":Volume", `${instance?.name}-data`).protect).toBe(true);
    }
    const passwords = ofType(":RandomPassword");
    expect(passwords.length).toBeGreaterThanOrEqual(9);
    for (const one of [...passwords, ...ofType(":CertificateAuthority")]) {
      expect(`${one.name} ${one.protect}`).toBe(`${one.name} true`);
    }
  });

  it("can be let go of, where config says so", async () => {
    const { vi } = await import("vitest");
    vi.resetModules();
    const { runProgram: again } = await import("./mockEngine");
    const { declared } = await again({ ...rawStack("dev"), protect: false });
    expect(declared.filter((one) => one.protect)).toEqual([]);
  });

  it("that are private are secret in files and in what computes them", () => {
    for (const one of [...ofType(":Certificate"), ...ofType(":CertificateAuthority")]) {
      expect(one.additionalSecretOutputs).toEqual(["privateKey"]);
    }
    for (const one of ofType(":ConfigFiles")) {
      const files = one.inputs.files as Record<string, { content: unknown }>;
      expect(isSecret(files["tls/tls.key"]?.content)).toBe(true);
      for (const file of Object.values(files)) {
        const holds = /password-of-|PRIVATE KEY/.test(JSON.stringify(unmarked(file)));
        if (holds) expect(isSecret(file)).toBe(true);
      }
    }
  });

  it("stand in no input in clear: all that holds one is marked as secret", () => {
    const clear = (value: unknown): string =>
      JSON.stringify(value, (_key, part: unknown) => (isMarked(part) ? "[secret]" : part));
    const isMarked = (part: unknown): boolean =>
      typeof part === "object" &&
      part !== null &&
      !Array.isArray(part) &&
      isSecret({ part }) &&
      "4dabf18193072939515e22adb298388d" in part;
    for (const one of run.declared) {
      expect(`${one.name} ${clear(one.inputs)}`).not.toMatch(/password-of-|PRIVATE KEY/);
    }
  });

  it("reach only the files that need them", () => {
    const holders = (secret: string): string[] =>
      ofType(":ConfigFiles").flatMap((one) =>
        Object.entries(unmarked(one.inputs.files) as Record<string, { content: string }>)
          .filter(([, file]) => file.content.includes(secret))
          .map(([path]) => `${one.name}/${path}`),
      );
    const password = (name: string): string => passwordOf(`dev-keys-${name}`);
    expect(holders(password("repository"))).toEqual(["dev-local-backup-1-files/pgbackrest.conf"]);
    expect(holders(password("stats"))).toEqual(["dev-local-haproxy-1-files/haproxy.cfg"]);
    expect(holders(password("role-pool_lookup"))).toEqual([
      "dev-local-pgbouncer-1-files/userlist.txt",
      "dev-local-pgbouncer-replicas-1-files/userlist.txt",
    ]);
    expect(holders(password("role-replicator"))).toEqual(
      topology.members.map(({ name }) => `${name}-files/patroni.yml`),
    );
    expect(holders(password("role-app"))).toEqual([]);
    expect(holders(password("role-monitor"))).toEqual([]);
    for (const { name } of placed(topology)
      .filter(({ kind }) => kind !== "backrest")
      .map((p) => p.instance)) {
      expect(
        holders(`-----BEGIN PRIVATE KEY-----\n${name}\n`).every((path) =>
          path.startsWith(`${name}-files/tls/`),
        ),
      ).toBe(true);
    }
  });
});

describe("config files", () => {
  it("are readable by their container's user alone", () => {
    for (const one of ofType(":ConfigFiles")) {
      const container = named(":Container", one.name.replace(/-files$/, ""));
      const user = String(container.inputs.user).split(":").map(Number);
      for (const file of Object.values(one.inputs.files as Record<string, object>)) {
        expect(unmarked(file)).toMatchObject({ mode: "0600", uid: user[0], gid: user[1] });
      }
    }
  });
});

describe("the end of up", () => {
  it("is Ready, which waits for every container, database and setting", () => {
    const ready = only(ofType(":Ready"));
    const before = waitsFor(ready.name);
    for (const { name } of containers()) expect([name, before.has(name)]).toEqual([name, true]);
    for (const kind of [":Database", ":Role", ":DynamicConfig", ":Stanza", ":PoolSettings"]) {
      for (const one of ofType(kind))
        expect([one.name, before.has(one.name)]).toEqual([one.name, true]);
    }
    expect(run.declared.filter((one) => one.dependsOn.includes(ready.name))).toEqual([]);
  });

  it("gives the outputs of the contract, the secret ones as secrets", () => {
    expect(Object.keys(run.outputs).sort()).toEqual([
      "backup",
      "caCertificate",
      "clusterName",
      "connectionStrings",
      "credentials",
      "endpoints",
      "members",
      "operations",
    ]);
    expect([...run.secretOutputs].sort()).toEqual([
      "connectionStrings",
      "credentials",
      "operations",
    ]);
    expect(run.outputs.clusterName).toBe("dev");
    expect(run.outputs.credentials).toMatchObject({ app: passwordOf("dev-keys-role-app") });
  });

  it("gives connection strings to every endpoint of a database", () => {
    const password = encodeURIComponent(passwordOf("dev-keys-role-app"));
    const uri = (at: string, more = ""): string =>
      `postgresql://app:${password}@${at}/app?sslmode=verify-full${more}`;
    expect(run.outputs.connectionStrings).toEqual({
      app: {
        primary: uri("127.0.0.1:5000"),
        replicas: uri("127.0.0.1:5001"),
        pooledPrimary: uri("127.0.0.1:6432"),
        pooledReplicas: uri("127.0.0.1:6433"),
        direct: uri(
          "127.0.0.1:5432,127.0.0.1:5433,127.0.0.1:5434",
          "&target_session_attrs=read-write",
        ),
      },
    });
  });
});
