import { describe, expect, it } from "vitest";
import { judgeClocks } from "../../../../control/preflight/clocks";
import { asDirectory, parseDf } from "../../../../control/preflight/disk";
import type { EngineFacts, HostFacts } from "../../../../control/preflight/facts";
import { judge, judgeHost } from "../../../../control/preflight/judge";
import { preflightError } from "../../../../control/preflight/problem";
import type { HostNeeds } from "../../../../model/hostResources";

const GIB = 1024 ** 3;
const needs = (name = "pg1", change: Partial<HostNeeds> = {}): HostNeeds => ({
  access: { name, docker: "ssh://deploy@10.0.1.11", hostKey: "ssh-ed25519 AAAA" },
  address: "10.0.1.11",
  ports: [
    { port: 5432, protocol: "tcp", what: "PostgreSQL", peers: true },
    { port: 8301, protocol: "udp", what: "gossip", peers: true },
  ],
  containers: ["orders-pg1-postgres-1"],
  memoryMiB: 4096,
  ...change,
});
const engine: EngineFacts = {
  version: "20.10.24+dfsg1",
  system: "linux",
  architecture: "x86_64",
  memoryBytes: 8 * GIB,
  cgroupDriver: "systemd",
  memoryLimit: true,
  swapLimit: true,
  rootless: false,
  dataRoot: "/var/lib/docker",
  clock: [-100, 100],
};
const facts = (change: Partial<HostFacts> = {}, of: Partial<EngineFacts> = {}): HostFacts => ({
  engine: { ...engine, ...of },
  held: [],
  sockets: [],
  disks: [{ path: "/var/lib/docker", freeBytes: 50 * GIB, sizeBytes: 100 * GIB }],
  ...change,
});
const found = (seen: HostFacts, of: HostNeeds = needs()): string[] =>
  judgeHost("orders", of, seen).map(
    ({ found, warning }) => `${warning ? "told" : "bad"}: ${found}`,
  );

describe("a host in order", () => {
  it("has no problem", () => {
    expect(found(facts())).toEqual([]);
    expect(found(facts({ sockets: undefined, disks: [] }))).toEqual([]);
  });
});

describe("an engine", () => {
  it.each(["20.10.0", "24.0.5-ce", "28.2.2", "dev"])("of version %s will do", (version) => {
    expect(found(facts({}, { version }))).toEqual([]);
  });

  it.each(["20.9.1", "19.03.15", "4.9.3"])("of version %s is too old", (version) => {
    expect(found(facts({}, { version }))).toEqual([`bad: its Docker engine is ${version}`]);
  });

  it("has to run linux containers and to limit memory", () => {
    expect(found(facts({}, { system: "windows" }))).toHaveLength(1);
    const [limit] = found(facts({}, { memoryLimit: false, swapLimit: false }));
    expect(limit).toMatch(/^bad: its engine cannot limit memory/);
    expect(found(facts({}, { cgroupDriver: "none" }))[0]).toMatch(/^bad: .*driver none/);
  });

  it("without swap limits, or without root, is told of", () => {
    expect(found(facts({}, { swapLimit: false }))[0]).toMatch(/^told: .*swap/);
    expect(found(facts({}, { rootless: true }))[0]).toMatch(/^told: .*without root/);
  });
});

describe("memory", () => {
  it("is told of above 80 %, refused above all of it", () => {
    expect(found(facts(), needs("pg1", { memoryMiB: 6553 }))).toEqual([]);
    expect(found(facts(), needs("pg1", { memoryMiB: 6554 }))[0]).toMatch(/^told: .*6554 MiB/);
    expect(found(facts(), needs("pg1", { memoryMiB: 8192 }))[0]).toMatch(/^told/);
    expect(found(facts(), needs("pg1", { memoryMiB: 8193 }))[0]).toMatch(/^bad: .*of 8192 MiB/);
  });
});

describe("disks", () => {
  const disk = (free: number, size: number): HostFacts =>
    facts({ disks: [{ path: "/srv/pg", freeBytes: free * GIB, sizeBytes: size * GIB }] });

  it("are refused below 2 GiB, told of below a tenth", () => {
    expect(found(disk(1.9, 10))).toEqual(["bad: /srv/pg has 1.9 GiB free of 10 GiB"]);
    expect(found(disk(9, 100))).toEqual(["told: /srv/pg has 9 GiB free of 100 GiB"]);
    expect(found(disk(10, 100))).toEqual([]);
  });

  it("are read from df, that of a missing path left out", () => {
    const text =
      "Filesystem 1024-blocks Used Available Capacity Mounted on\n" +
      "/dev/mapper/a b 1000 400 600 40% /var/lib\n/dev/sdb1 2000 0 2000 0% /srv/pg\n";
    const paths = ["/var/lib/docker", "/srv/pg"];
    expect(parseDf(text, paths)).toEqual([
      { path: "/var/lib/docker", sizeBytes: 1024_000, freeBytes: 614_400 },
      { path: "/srv/pg", sizeBytes: 2_048_000, freeBytes: 2_048_000 },
    ]);
    expect(parseDf(text.split("\n").slice(0, 2).join("\n"), paths)).toHaveLength(1);
    expect(parseDf("", paths)).toEqual([]);
  });
});

describe("dataPath", () => {
  const at = needs("pg1", { dataPath: "/srv/pg" });
  const directory = { isDirectory: true, worldWritable: false, onRoot: false };

  it("has to be a folder that not everybody may write to", () => {
    expect(found(facts({ dataPath: directory }), at)).toEqual([]);
    expect(found(facts(), at)).toEqual([]);
    expect(found(facts({ dataPath: "missing" }), at)[0]).toMatch(/^bad: .*\/srv\/pg is missing/);
    const file = { ...directory, ...asDirectory(0o100644) };
    expect(found(facts({ dataPath: file }), at)[0]).toMatch(/^bad: .*not a folder/);
    const open = { ...directory, ...asDirectory(0o041777) };
    expect(found(facts({ dataPath: open }), at)[0]).toMatch(/^bad: everybody may write/);
  });

  it("is told of on the disk of the operating system", () => {
    const seen = facts({ dataPath: { ...directory, onRoot: true } });
    expect(found(seen, at)[0]).toMatch(/^told: .*operating system/);
  });
});

describe("a port", () => {
  const socket = { protocol: "tcp" as const, address: "10.0.1.11", port: 5432 };
  const held = { ...socket, container: "squatter", networks: ["bridge"] };

  it("is taken by a process on the address or on all of them", () => {
    for (const address of ["10.0.1.11", "0.0.0.0", "::"]) {
      const [text] = found(facts({ sockets: [{ ...socket, address }] }));
      expect(text).toMatch(/^bad: port 5432\/tcp \(PostgreSQL\) is taken by a process of the host/);
    }
  });

  it("is free when something else holds another address, protocol or port", () => {
    const others = [
      { ...socket, address: "127.0.0.1" },
      { ...socket, protocol: "udp" as const },
      { ...socket, port: 5433 },
    ];
    expect(found(facts({ sockets: others }))).toEqual([]);
  });

  it("is taken by a container, which is named", () => {
    expect(found(facts({ held: [held], sockets: [socket] }))).toEqual([
      "bad: port 5432/tcp (PostgreSQL) is taken by container squatter",
    ]);
  });

  it("is free when a container of the cluster holds it, by name or by network", () => {
    const own = { ...held, container: "orders-pg1-postgres-1" };
    expect(found(facts({ held: [own], sockets: [socket] }))).toEqual([]);
    const former = { ...held, networks: ["orders"] };
    expect(found(facts({ held: [former], sockets: [socket] }))).toEqual([]);
  });
});

describe("clocks", () => {
  const judged = (...clocks: [number, number][]): string[] =>
    judgeClocks(clocks.map((clock, index) => ({ host: `pg${index + 1}`, clock }))).map(
      ({ host, found, warning }) => `${warning ? "told" : "bad"}: ${host}: ${found}`,
    );

  it("within what the way took are not judged", () => {
    expect(judged([-4000, 4000], [1000, 2000])).toEqual([]);
  });

  it("of two hosts are told of above 1 s, refused above 5 s", () => {
    expect(judged([0, 10], [1010, 1020])).toEqual([]);
    expect(judged([0, 10], [1011, 1020])).toEqual([
      "told: pg1: its clock is 1.0 s behind that of host pg2",
    ]);
    expect(judged([0, 10], [-5011, -5001])).toEqual([
      "told: pg2: its clock is 5.0 s behind this machine's",
      "bad: pg1: its clock is 5.0 s ahead of that of host pg2",
    ]);
  });

  it("are refused when they are a minute from this machine's, which dates certificates", () => {
    expect(judged([60_001, 60_100])).toEqual([
      "bad: pg1: its clock is 60.0 s ahead of this machine's",
    ]);
  });
});

describe("several hosts", () => {
  it("make one list, those without an answer and of another kind included", () => {
    const problems = judge("orders", [
      { needs: needs("pg1"), facts: facts() },
      { needs: needs("pg2"), facts: { why: "Connection refused" } },
      { needs: needs("pg3"), facts: facts({}, { architecture: "aarch64", version: "19.3.1" }) },
    ]);
    expect(problems.map(({ host }) => host)).toEqual(["pg2", "pg3", "pg3"]);
    const error = preflightError("start on the hosts", 3, problems);
    expect(error?.message).toMatch(/\(3 hosts\): 3 problems.*pg2: .*Connection refused/s);
    expect(error?.message).toContain("`state: unreachable` for host pg2");
    expect(error?.message).toContain("its architecture is aarch64");
  });

  it("make no error of what is only told", () => {
    const problems = judge("orders", [{ needs: needs(), facts: facts({}, { swapLimit: false }) }]);
    expect(problems).toHaveLength(1);
    expect(preflightError("start on the hosts", 1, problems)).toBeUndefined();
  });
});
