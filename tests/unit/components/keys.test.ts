import { beforeAll, describe, expect, it, vi } from "vitest";
import type { ConsulAclInputs } from "../../../model/resources";
import { planTopology } from "../../../model/topology";
import { placed } from "../topology/instances";
import { rawStack, stackConfig } from "../topology/stacks";
import {
  inClear,
  isSecret,
  lookInto,
  passwordOf,
  refusal,
  type Run,
  runProgram,
  unmarked,
} from "./mockEngine";

// A run of the whole program takes 1 s, on a busy machine ten times that.
vi.setConfig({ testTimeout: 60_000 });

const topology = planTopology(stackConfig("dev"));
let run: Run;

beforeAll(async () => {
  run = await runProgram(rawStack("dev"));
}, 60_000);

const ofType = (type: string) => lookInto(run).ofType(type);
const named = (type: string, name: string) => lookInto(run).named(type, name);

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
    const { declared } = await runProgram({ ...rawStack("dev"), protect: false });
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
    for (const one of run.declared) {
      expect(`${one.name} ${inClear(one.inputs)}`).not.toMatch(/password-of-|PRIVATE KEY/);
    }
    expect(run.declared.filter((one) => isSecret(one.inputs)).length).toBeGreaterThan(20);
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

describe("Consul's policies and tokens", () => {
  const acl = () => unmarked(named(":index:ConsulAcl", "dev-acl").inputs) as ConsulAclInputs;
  const nodes = [...topology.consulServers, ...topology.consulAgents].map(({ name }) => name);
  const members = topology.members.map(({ name }) => `patroni-${name}`);

  it("are one resource: each node, each member's Patroni and the viewer have their own", () => {
    const { policies, tokens, secretIds } = acl();
    const names = [...nodes, ...members, "viewer"].sort();
    for (const all of [policies, tokens, secretIds]) expect(Object.keys(all).sort()).toEqual(names);
    const ids = [...Object.values(secretIds), ...Object.values(tokens).map((t) => t.accessorId)];
    expect(new Set(ids).size).toBe(2 * names.length);
    for (const [name, token] of Object.entries(tokens)) expect(token.policies).toEqual([name]);
  });

  it("show their rules, and no secret id", () => {
    const { inputs } = named(":index:ConsulAcl", "dev-acl");
    const clear = inClear(inputs);
    expect(clear).toContain('key_prefix \\"service/dev/\\"');
    for (const secret of [...Object.values(acl().secretIds), acl().managementToken])
      expect(clear).not.toContain(secret);
  });

  it("give a member's Patroni a token that stands in its own file alone", () => {
    const files = ofType(":ConfigFiles");
    for (const { name } of topology.members) {
      const secret = acl().secretIds[`patroni-${name}`] ?? "";
      const holders = files.filter((one) => JSON.stringify(unmarked(one.inputs)).includes(secret));
      expect([secret.length, holders.map((one) => one.name)]).toEqual([36, [`${name}-files`]]);
    }
  });

  it("are there before any agent or member asks with them, and after the servers", () => {
    const { waitsFor } = lookInto(run);
    const agents = topology.consulAgents.map(({ name }) => name);
    for (const name of [...agents, ...topology.members.map((member) => member.name)])
      expect([name, waitsFor(name).has("dev-acl")]).toEqual([name, true]);
    const before = waitsFor("dev-acl");
    for (const { name } of topology.consulServers) expect(before.has(name)).toBe(true);
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

describe("passwords of one's own", () => {
  it("take the place of made ones, and are secret", async () => {
    const own = await runProgram({
      ...rawStack("dev"),
      passwords: { app: "a-password-of-my-own" },
    });
    expect(own.outputs.credentials).toMatchObject({ app: "a-password-of-my-own" });
    const role = lookInto(own).named(":Role", "dev-sql-role-app");
    expect(unmarked(role.inputs.password)).toBe("a-password-of-my-own");
    for (const one of own.declared) expect(inClear(one.inputs)).not.toContain("of-my-own");
  });
});

describe("a config that is refused", () => {
  it.each([
    ["an unknown key", { nonsense: 1 }, /nonsense/],
    ["a missing key", { hosts: undefined }, /hosts/],
    ["a contradiction", { failover: { synchronous: "off", strict: true } }, /failover\.strict/],
    ["what has no place", { network: { subnet: "10.0.0.0/30" } }, /network\.subnet/],
    ["a password of nobody", { passwords: { nobody: "x" } }, /passwords/],
    ["passwords that are no map", { passwords: "hunter2" }, /passwords/],
  ])("is refused before anything is declared: %s", async (_what, change, message) => {
    const { error, declared } = await refusal({ ...rawStack("dev"), ...change });
    expect(declared).toEqual([]);
    expect(error.name).toBe("Error");
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("hunter2");
  });
});
