import { beforeEach, describe, expect, it, vi } from "vitest";
import type { MemberAccess } from "../../../model/access";
import type { ConsulRequest } from "../../../control/consul";
import { forgetMember, slotName } from "../../../control/memberRecord";

/** Consul's keys, and the slots that each member has. */
let keys: Map<string, { value: string; session?: string }>;
let slots: Map<string, Set<string>>;
let running: string[];
let config: Record<string, unknown>;
let done: string[];
/** Whether Patroni's leader does its rounds. */
let patroni: boolean;

const PREFIX = "/v1/kv/";

function read(path: string): unknown {
  const key = path.slice(PREFIX.length);
  if (key.endsWith("?keys")) {
    const below = [...keys.keys()].filter((one) => one.startsWith(key.slice(0, -"?keys".length)));
    return below.length > 0 ? below : undefined;
  }
  const found = keys.get(key);
  if (found === undefined) return undefined;
  return [{ Key: key, Value: Buffer.from(found.value).toString("base64"), Session: found.session }];
}

/** As Patroni 4 does: slots of absent members stay until their time is over. */
function round(): void {
  if (!patroni || config["member_slots_ttl"] !== 1) return;
  const status = JSON.parse(keys.get("service/dev/status")?.value ?? "{}") as {
    retain_slots: string[];
  };
  const present = [...keys.keys()].flatMap((key) => /members\/(.+)$/.exec(key)?.[1] ?? []);
  const kept = status.retain_slots.filter((slot) => present.map(slotName).includes(slot));
  keys.set("service/dev/status", { value: JSON.stringify({ retain_slots: kept }) });
  for (const own of slots.values())
    for (const slot of own) if (!kept.includes(slot)) own.delete(slot);
}

vi.mock("../../../control/consul", () => ({
  readConsul: (_: unknown, path: string) => Promise.resolve(read(path)),
  changeConsul: (_: unknown, __: string, all: ConsulRequest[]) =>
    Promise.resolve().then(() => {
      for (const { method, path } of all) {
        done.push(`${method} ${path}`);
        if (method === "DELETE") keys.delete(path.slice(PREFIX.length));
      }
    }),
}));
vi.mock("../../../control/patroni", () => ({
  getConfig: () => Promise.resolve(config),
  patchConfig: (_: unknown, patch: Record<string, unknown>) => {
    config = { ...config, ...patch };
    done.push(`slots ttl ${String(config["member_slots_ttl"])}`);
    return Promise.resolve();
  },
}));
vi.mock("../../../control/presence", () => ({
  presence: (parts: readonly { container: string }[]) =>
    Promise.resolve({
      running: parts.filter(({ container }) => running.includes(container)),
      absent: [],
      unknown: [],
    }),
}));
vi.mock("../../../control/sqlSession", () => ({
  sqlState: () => undefined,
  onMember: ({ name }: MemberAccess, _: string, work: (client: unknown) => unknown) =>
    Promise.resolve().then(() => {
      round();
      return work({
        query: (_: string, [slot = ""]: string[]) =>
          Promise.resolve({ rows: slots.get(name)?.has(slot) ? [{ active: false }] : [] }),
      });
    }),
}));

const member = (name: string): MemberAccess => ({
  host: { name: "local", docker: "unix:///nowhere" },
  container: name,
  name,
  address: "10.0.0.1",
  port: 5432,
  apiPort: 8008,
});
const notes: string[] = [];
const forget = () =>
  forgetMember({
    cluster: "dev",
    member: "m-3",
    others: [member("m-1"), member("m-2")],
    consul: { servers: [{ ...member("c"), httpsPort: 8501 }], token: "t" },
    note: (text) => notes.push(text),
  });

beforeEach(() => {
  keys = new Map([
    ["service/dev/members/m-1", { value: "{}", session: "s1" }],
    ["service/dev/members/m-2", { value: "{}", session: "s2" }],
    ["service/dev/members/m-3", { value: "{}", session: "s3" }],
    ["service/dev/status", { value: JSON.stringify({ retain_slots: ["m_1", "m_2", "m_3"] }) }],
  ]);
  slots = new Map([
    ["m-1", new Set(["m_2", "m_3"])],
    ["m-2", new Set(["m_1", "m_3"])],
  ]);
  running = ["m-1", "m-2", "c"];
  config = { member_slots_ttl: 1800 };
  done = [];
  notes.length = 0;
  patroni = true;
});

describe("the name of a member's slot", () => {
  it.each([
    ["dev-local-postgres-1", "dev_local_postgres_1"],
    ["Orders.PG1", "orders_pg1"],
    ["a b", "au0032b"],
    ["x".repeat(70), "x".repeat(63)],
  ])("%s: %s", (name, slot) => {
    expect(slotName(name)).toBe(slot);
  });
});

describe("a member that has left", () => {
  it("is forgotten: its key with its session, its slot everywhere, and nothing else", async () => {
    await forget();
    expect([...keys.keys()].filter((key) => key.includes("members"))).toHaveLength(2);
    expect([...slots.values()].map((own) => [...own])).toEqual([["m_2"], ["m_1"]]);
    expect(done).toEqual([
      "PUT /v1/session/destroy/s3",
      "DELETE /v1/kv/service/dev/members/m-3",
      "slots ttl 1",
      "slots ttl 1800",
    ]);
  });

  it("is forgotten twice without harm", async () => {
    await forget();
    done.length = 0;
    await forget();
    expect(done).toEqual([]);
  });

  it("has its slot kept while another member is away: that one needs its own", async () => {
    keys.delete("service/dev/members/m-2");
    running = ["m-1", "c"];
    await forget();
    expect(slots.get("m-1")).toEqual(new Set(["m_2", "m_3"]));
    expect(done.filter((one) => one.startsWith("slots"))).toEqual([]);
    expect(notes.join()).toMatch(/slot m_3 stays for up to 30 minutes.*m_2 are away/);
  });

  it("needs no member to have its key removed", async () => {
    running = ["c"];
    await forget();
    expect(keys.has("service/dev/members/m-3")).toBe(false);
  });
});

describe("Patroni's setting", () => {
  it("is put back whatever happens", async () => {
    patroni = false;
    let now = Date.now();
    const clock = vi.spyOn(Date, "now").mockImplementation(() => (now += 20_000));
    await expect(forget()).rejects.toThrow(/forget m-3.*on m-1 it is kept/s);
    clock.mockRestore();
    expect(done).toContain("slots ttl 1");
    expect(config).toEqual({ member_slots_ttl: 1800 });
  });
});
