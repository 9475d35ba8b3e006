import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ContainerAccess } from "../../../model/access";
import type { ConsulAclInputs } from "../../../model/resources";
import type { ExecOptions } from "../../../control/exec";
import { differences } from "../../../provider/diff";
import { PghaProvider } from "../../../provider/provider";
import { consulAcl } from "../../../provider/types/consulAcl";
import { FakeConsul, MANAGEMENT } from "./fakeConsul";

let consul: FakeConsul;
const said: string[] = [];

vi.mock("../../../control/exec", () => ({
  exec: (access: ContainerAccess, argv: readonly string[], options: ExecOptions) =>
    Promise.resolve().then(() => consul.exec(access, argv, options)),
}));
vi.mock("../../../control/docker", async (original) => ({
  ...(await original<object>()),
  containerState: ({ container }: ContainerAccess) =>
    Promise.resolve(
      consul.silent.has(container)
        ? { exists: true, running: false, status: "exited" }
        : { exists: true, running: true, status: "running" },
    ),
}));

const MARK = "postgres-ha dev";
const id = (digit: string): string => `${digit.repeat(8)}-0000-4000-8000-000000000000`;
const host = { name: "local", docker: "unix:///nowhere" };
const servers = ["dev-local-consul-1", "dev-local-consul-2"].map((container, index) => ({
  host,
  container,
  httpsPort: 8501,
  address: `198.18.0.${index + 1}`,
}));
const SECRETS = { viewer: id("a"), "patroni-m1": id("b"), "patroni-m2": id("c"), n1: id("d") };

function inputs(without: readonly string[] = []): ConsulAclInputs & Record<string, unknown> {
  const names = Object.keys(SECRETS).filter((name) => !without.includes(name));
  const each = <T>(of: (name: string, index: number) => T): Record<string, T> =>
    Object.fromEntries(names.map((name, index) => [name, of(name, index)]));
  return {
    consul: servers,
    managementToken: MANAGEMENT,
    description: MARK,
    policies: each((name) => `rules of "${name}"\n`),
    tokens: each((name) => ({ accessorId: accessor(name), policies: [name] })),
    secretIds: each((name) => SECRETS[name as keyof typeof SECRETS]),
  };
}
const accessor = (name: string): string => id(String(Object.keys(SECRETS).indexOf(name) + 1));
const create = () => consulAcl.create(inputs());
const read = async () => (await consulAcl.read(inputs())) as ConsulAclInputs | undefined;
/** What a preview would call different after a refresh. */
const drift = async () => {
  const live = await read();
  return live && differences(consulAcl, live as never, inputs()).changed;
};
const ours = () =>
  [...consul.policies.values(), ...consul.tokens.values()]
    .map(({ Description }) => Description)
    .filter((text) => text.startsWith(MARK))
    .sort();
const token = (name: string) => {
  const found = consul.tokens.get(accessor(name));
  if (found === undefined) throw new Error(`no token ${name}`);
  return found;
};

beforeEach(() => {
  consul = new FakeConsul();
  said.length = 0;
  vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0);
});

describe("ConsulAcl, made", () => {
  it("is all there, as declared, and reads so", async () => {
    await create();
    expect(token("patroni-m1")).toEqual({
      AccessorID: accessor("patroni-m1"),
      SecretID: SECRETS["patroni-m1"],
      Description: `${MARK}: patroni-m1`,
      Policies: [{ Name: "patroni-m1" }],
    });
    expect(consul.policy("patroni-m1")).toMatchObject({
      Description: MARK,
      Rules: 'rules of "patroni-m1"\n',
    });
    expect(await read()).toEqual(inputs());
    expect(await drift()).toEqual([]);
  });

  it("takes one program for all changes, and none when made again", async () => {
    await create();
    const changes = (): number[] =>
      consul.programs
        .map((all) => all.filter((one) => !one.startsWith("GET")).length)
        .filter((count) => count > 0);
    expect(changes()).toEqual([8]);
    consul.programs = [];
    await create();
    expect(changes()).toEqual([]);
    consul.programs = [];
    await read();
    expect(consul.programs.map((all) => all.length)).toEqual([2, 4]);
  });

  it("is completed after a program that ended half-way", async () => {
    consul.changesLeft = 5;
    await expect(create()).rejects.toThrow(/Empty reply/);
    consul.changesLeft = Infinity;
    expect(await drift()).toEqual(["tokens"]);
    await consulAcl.update(inputs(), inputs());
    expect(await drift()).toEqual([]);
  });

  it("goes by the server that answers", async () => {
    consul.silent.add("dev-local-consul-1");
    await create();
    expect(ours()).toHaveLength(8);
  });

  it("says which change was refused, where, and no secret", async () => {
    consul.addToken({ AccessorID: id("9"), SecretID: SECRETS.viewer, Description: "somebody's" });
    const error = await create().then(
      () => new Error("made"),
      (thrown: Error) => thrown,
    );
    expect(error.message).toMatch(/PUT \/v1\/acl\/token of Consul .*dev-local-consul-1.*in use/);
    for (const secret of [...Object.values(SECRETS), MANAGEMENT])
      expect(error.message).not.toContain(secret);
  });

  it("does not let Consul make a secret up", async () => {
    await expect(consulAcl.create({ ...inputs(), secretIds: {} })).rejects.toThrow(
      "token viewer is declared without a secret id",
    );
  });
});

describe("ConsulAcl, changed behind the program's back", () => {
  const changes: Record<string, { change: () => void; shown: readonly string[] }> = {
    "a widened policy": {
      change: () => consul.addPolicy({ ...consul.policy("n1"), Rules: 'acl = "write"' }),
      shown: ["policies"],
    },
    "a deleted policy": {
      change: () => consul.policies.delete(consul.policy("n1").ID),
      shown: ["policies"],
    },
    "a policy with another description": {
      change: () => consul.addPolicy({ ...consul.policy("n1"), Description: "mine" }),
      shown: ["altered"],
    },
    "a policy for another datacenter": {
      change: () => consul.addPolicy({ ...consul.policy("n1"), Datacenters: ["dc9"] }),
      shown: ["altered"],
    },
    "a deleted token": {
      change: () => consul.tokens.delete(accessor("viewer")),
      shown: ["tokens"],
    },
    "a token with another policy": {
      change: () =>
        consul.addToken({ ...token("viewer"), Policies: [{ Name: "viewer" }, { Name: "n1" }] }),
      shown: ["tokens"],
    },
    "a token without its policy": {
      change: () => consul.addToken({ ...token("viewer"), Policies: null }),
      shown: ["tokens"],
    },
    "a token with a role": {
      change: () => consul.addToken({ ...token("viewer"), Roles: [{ Name: "all" }] }),
      shown: ["altered"],
    },
    "a token with another secret": {
      change: () => consul.addToken({ ...token("viewer"), SecretID: id("f") }),
      shown: ["altered"],
    },
    "a token that ends": {
      change: () => consul.addToken({ ...token("viewer"), ExpirationTime: "2030-01-01T00:00:00Z" }),
      shown: ["altered"],
    },
    "a policy of ours that nobody declared": {
      change: () => consul.addPolicy({ ID: id("8"), Name: "x", Description: MARK, Rules: "" }),
      shown: ["policies"],
    },
    "a token of ours that nobody declared": {
      change: () =>
        consul.addToken({ AccessorID: id("8"), SecretID: id("f"), Description: `${MARK}: x` }),
      shown: ["tokens"],
    },
    "a second token for a part that is at work": {
      change: () => {
        consul.alive = ["n1"];
        consul.addToken({ AccessorID: id("8"), SecretID: id("f"), Description: `${MARK}: n1` });
      },
      shown: ["tokens"],
    },
  };

  it.each(Object.entries(changes))("shows and repairs %s", async (_, { change, shown }) => {
    await create();
    const before = JSON.stringify([ours(), token("viewer")]);
    change();
    expect(await drift()).toEqual(shown);
    const live = (await read()) ?? inputs();
    await consulAcl.update(live as never, inputs());
    expect(await drift()).toEqual([]);
    expect(JSON.stringify([ours(), token("viewer")])).toBe(before);
  });

  it("names what differs, never the secret that is there instead", async () => {
    await create();
    consul.addToken({ ...token("viewer"), SecretID: id("f"), Policies: [{ Name: "n1" }] });
    const live = await read();
    expect(live).toMatchObject({
      altered: { "token viewer": ["SecretID"] },
      tokens: { viewer: { policies: ["n1"] } },
    });
    expect(JSON.stringify(live)).not.toContain(id("f"));
  });

  it("is gone when nothing of it is left, or no server runs", async () => {
    expect(await read()).toBeUndefined();
    await create();
    expect(await read()).toBeDefined();
    const [server] = servers.map((one) => ({ ...one, container: "dev-local-consul-9" }));
    consul.silent.add("dev-local-consul-9");
    expect(await consulAcl.read({ ...inputs(), consul: [server] })).toBeUndefined();
  });
});

describe("what is not the cluster's", () => {
  it("is neither shown nor touched", async () => {
    consul.addPolicy({ ID: id("7"), Name: "theirs", Description: `${MARK}2`, Rules: "x" });
    consul.addToken({ AccessorID: id("7"), SecretID: id("6"), Description: "a person's" });
    const before = JSON.stringify([[...consul.policies], [...consul.tokens]]);
    await create();
    expect(await drift()).toEqual([]);
    await consulAcl.update(inputs(), { ...inputs(), policies: {}, tokens: {}, secretIds: {} });
    expect(JSON.stringify([[...consul.policies], [...consul.tokens]])).toBe(before);
  });

  it("stays though it bears the mark: what is Consul's own, and the management token", async () => {
    const changed = [...consul.tokens.values()].map((one) => ({ ...one, Description: MARK }));
    changed.forEach((one) => consul.addToken(one));
    consul.addPolicy({ ...consul.policy("global-management"), Description: MARK });
    expect(await read()).toBeUndefined();
    await create();
    expect(consul.tokens.size).toBe(4 + 2);
    expect(consul.policies.size).toBe(4 + 1);
  });

  it("is left alone by Delete, as all is", async () => {
    await create();
    const before = ours();
    await consulAcl.delete(inputs());
    expect(ours()).toEqual(before);
  });
});

describe("a part that is taken out of the config", () => {
  const gone = ["patroni-m2", "n1"];
  const remove = () => consulAcl.update(inputs(), inputs(gone));
  const left = () => ours().filter((text) => gone.some((name) => text.endsWith(`: ${name}`)));

  it("loses policy and token", async () => {
    await create();
    await remove();
    expect(ours()).toHaveLength(4);
    expect(left()).toEqual([]);
  });

  it("keeps them while it is at work, and loses them later", async () => {
    await create();
    consul.keys = ["service/dev/leader", "service/dev/members/m2"];
    consul.alive = ["n1"];
    await remove();
    expect(left()).toEqual([`${MARK}: n1`, `${MARK}: patroni-m2`]);
    expect(said.join("")).toMatch(/in use: patroni-m2, n1/);
    const live = (await consulAcl.read(inputs(gone))) ?? {};
    expect(differences(consulAcl, live, inputs(gone)).changed).toEqual(["policies", "tokens"]);
    consul.keys = ["service/dev/members/m1"];
    consul.alive = [];
    consul.failed = ["n1"];
    await remove();
    expect(ours()).toHaveLength(4);
  });
});

describe("the state", () => {
  const URN = "urn:pulumi:dev::p::pgha:index:ConsulAcl::dev-acl";

  it("holds rules in clear, and no secret", async () => {
    const provider = new PghaProvider([consulAcl]);
    const checked = (await provider.check(URN, {}, inputs())).inputs as unknown;
    const made = (await provider.create(URN, checked)).outs as unknown;
    consul.addToken({ ...token("viewer"), SecretID: id("f") });
    const live = (await provider.read(MARK, URN, made)).props as unknown;
    for (const wire of [checked, made, live]) {
      const clear = JSON.stringify(wire, (_key, part: unknown) =>
        typeof part === "object" && part !== null && "4dabf18193072939515e22adb298388d" in part
          ? "[secret]"
          : part,
      );
      expect(clear).toContain('rules of \\"n1\\"');
      for (const secret of [...Object.values(SECRETS), MANAGEMENT, id("f")])
        expect(clear).not.toContain(secret);
    }
  });
});
