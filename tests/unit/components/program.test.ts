import { beforeAll, describe, expect, it, vi } from "vitest";
import versions from "../../../setup/versions.json";
import { planTopology } from "../../../model/topology";
import { placed } from "../topology/instances";
import { rawStack, stackConfig } from "../topology/stacks";
import { isSecret, lookInto, only, passwordOf, type Run, runProgram } from "./mockEngine";

// A run of the whole program takes 1 s, on a busy machine ten times that.
vi.setConfig({ testTimeout: 60_000 });

const topology = planTopology(stackConfig("dev"));
let run: Run;
let prod: Run;

beforeAll(async () => {
  run = await runProgram(rawStack("dev"));
  prod = await runProgram(rawStack("prod"));
}, 60_000);

const ofType = (type: string) => lookInto(run).ofType(type);
const named = (type: string, name: string) => lookInto(run).named(type, name);
const containers = () => lookInto(run).containers();
const waitsFor = (name: string) => lookInto(run).waitsFor(name);

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

  it("has the libc of the base image guarded: another suite is refused", () => {
    const { inputs } = named(":ClusterShape", "dev-shape");
    expect(inputs.baseSuite).toBe(versions.base.suite);
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
    const all = [...containers(), ...lookInto(prod).containers()];
    expect(all).toHaveLength(14 + 22);
    for (const { inputs, name } of all) look(inputs, name);
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

  it("publishes on its host's own address only, under the number that it listens on", () => {
    const addresses: Record<string, string> = {
      "dev-local": "127.0.0.1",
      "orders-pg1": "10.0.1.11",
      "orders-pg2": "10.0.1.12",
      "orders-pg3": "10.0.1.13",
    };
    each(({ ports }, name) => {
      for (const port of ports as { ip: string; internal: number; external: number }[]) {
        expect(port.ip).toBe(addresses[name.split("-").slice(0, 2).join("-")]);
        expect(port.external).toBe(port.internal);
      }
    });
  });

  it("publishes ports of peers only where there are peers elsewhere", () => {
    const portsOf = (of: Run, name: string): number[] =>
      (lookInto(of).named(":Container", name).inputs.ports as { internal: number }[]).map(
        (port) => port.internal,
      );
    expect(portsOf(run, "dev-local-consul-1")).toEqual([8501]);
    expect(portsOf(run, "dev-local-backup-1")).toEqual([]);
    expect(portsOf(prod, "orders-pg1-consul-1")).toEqual([8300, 8301, 8301, 8501]);
    expect(portsOf(prod, "orders-pg3-backup-1")).toEqual([8432]);
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
      const others = topology.members.filter(({ name }) => drain.dependsOn.includes(name));
      expect(others).toEqual(previous ? [previous] : []);
    });
  });

  it("are drained only when nothing else is in the way of their container", () => {
    for (const { name } of topology.members) {
      const container = named(":Container", name).dependsOn;
      const drain = named(":Drain", `${name}-drain`).dependsOn;
      const rest = container.filter((one) => one !== `${name}-drain` && !drain.includes(one));
      expect([name, rest]).toEqual([name, []]);
    }
  });

  it("leave before their container goes, and are forgotten after it", () => {
    for (const { name } of topology.members) {
      expect(named(":MemberExit", `${name}-exit`).dependsOn).toContain(name);
      const drain = named(":Drain", `${name}-drain`);
      expect(isSecret(drain.inputs.managementToken)).toBe(true);
      expect(drain.inputs).toMatchObject({ cluster: "dev", consul: { length: 3 } });
      expect(drain.inputs.image).toBe(named(":Container", name).inputs.image);
    }
  });

  it("start after the cluster's identity, which waits for nothing that `down` removes", () => {
    const identity = only(ofType(":ClusterIdentity"));
    expect(identity.protect).toBe(true);
    for (const { name } of topology.members) expect(waitsFor(name)).toContain(identity.name);
    const kept =
      /-data$|-data-claim$|-image-postgres$|-keys-repository$|-preflight$|-shape$|-roster$/;
    const before = [...waitsFor(identity.name)];
    expect(before.filter((name) => !kept.test(name))).toEqual([]);
    for (const { name } of topology.members) expect(before).toContain(`${name}-data`);
    expect(identity.inputs).not.toHaveProperty("lost");
  });

  it("share no trigger, and a trigger follows its container's settings only", async () => {
    const triggers = (of: Run): unknown[] =>
      lookInto(of)
        .ofType(":Drain")
        .map((one) => one.inputs.trigger);
    expect(new Set(triggers(run)).size).toBe(topology.members.length);
    const hot = rawStack("dev");
    hot.pool = { size: 10 };
    hot.postgres = { ...(hot.postgres as object), parameters: { work_mem: "8MB" } };
    expect(triggers(await runProgram(hot))).toEqual(triggers(run));
    const resized = { ...hot, resources: { memoryMiB: { postgres: 640 }, shmSizeMiB: 128 } };
    expect(triggers(await runProgram(resized))).toEqual(triggers(run));
    const rolling = { ...hot, resources: { memoryMiB: { postgres: 512 }, shmSizeMiB: 136 } };
    const changed = triggers(await runProgram(rolling));
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

describe("no member's resources", () => {
  // The engine would take both members down at once: a replacement spreads along such inputs.
  it("are made of what another member's resources put out", () => {
    const instances = placed(topology).filter(({ kind }) => kind === "postgres");
    for (const { instance } of instances) {
      const own = run.declared.filter((one) => one.name.startsWith(instance.name));
      expect(own.length).toBeGreaterThanOrEqual(6);
      for (const one of own) {
        const sources = Object.values(one.propertyDependencies).flat();
        const foreign = instances
          .filter((other) => other !== instances.find((i) => i.instance === instance))
          .filter((other) => sources.some((source) => source.startsWith(other.instance.name)));
        expect([one.name, foreign.map((other) => other.instance.name)]).toEqual([one.name, []]);
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
