import { rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { untilNothing } from "../harness/wait";
import type { LongRun } from "../harness/longRun";
import type { Tree } from "../harness/stackFile";
import { Writers } from "../harness/writers";
import { renewImage, stackFile } from "./stack/checkout";
import { aside, healthy, outputs, targets, useCluster } from "./stack/cluster";
import { ops, previewClean, pulumi, up } from "./stack/commands";
import { settle } from "./stack/config";
import { allContainers, inside, isRunning } from "./stack/hosts";
import { cluster, work } from "./stack/identity";
import { killedUp } from "./stack/killedUp";
import { rollOfMembers } from "./stack/shapes";

useCluster();

/** Names the moments of a run; PGHA_TEST_SEED repeats those of an earlier one. */
const SEED = Number(process.env.PGHA_TEST_SEED ?? Date.now() % 1_000_000);
const SERVES_SECONDS = 20;

/** A number from 0 to 1 that the seed and a name determine. */
function drawn(name: string): number {
  let hash = SEED;
  for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x9e3779b1) >>> 0;
  return hash / 2 ** 32;
}

/** Another value of a parameter that PostgreSQL takes at a restart only. */
function restartMembers() {
  return { postgres: { parameters: { max_worker_processes: 9 + (SEED % 2) } } };
}
/** Another memory limit of the pools, in place. */
const moreMemory = (from: number) => () => ({
  resources: { memoryMiB: { pgbouncer: from + (SEED % 8) } },
});
/** One user and one database more: a user that has been declared stays. */
function moreDatabases() {
  const { postgres } = stackFile.read() as { postgres: { users: Tree[]; databases: Tree[] } };
  return {
    postgres: {
      users: [...postgres.users, { name: "late", connectionLimit: 2 }],
      databases: [...postgres.databases, { name: "late", owner: "late", connectionLimit: 4 }],
    },
  };
}
const container = (part: string): RegExp =>
  new RegExp(`Container ${cluster}-\\w+-(${part})-1 (deleting|creating|replacing)`);

/** Pools of writers that are paused now. */
async function paused(): Promise<string[]> {
  const poolers = outputs().operations.poolers.filter(({ target }) => target === "primary");
  const found = await Promise.all(
    poolers.map(async (pooler) => {
      // One that was killed half-way through its replacement holds up nobody.
      if (!(await isRunning(pooler))) return [];
      const login = ["-h", "/run/pgbouncer", "-p", String(pooler.port), "-U", "pgbouncer"];
      const argv = ["psql", "-XAtqw", ...login, "-d", "pgbouncer", "-c", "SHOW STATE"];
      // A pause of all databases is a state of the process: `SHOW DATABASES` does not tell of it.
      const state = (await inside(pooler, argv)).trim().split("\n");
      expect(state.filter((line) => line.startsWith("paused|"))).toHaveLength(1);
      return state.includes("paused|yes") ? [pooler.container] : [];
    }),
  );
  return found.flat();
}

interface Recorded {
  readonly deployment: {
    readonly resources: { urn: string; type: string; pendingReplacement?: true }[];
  };
}
/** Has the record say of a container that its old one is deleted and its new one not made yet. */
async function forget(name: string): Promise<void> {
  const { stdout } = await pulumi(["stack", "export"], { keep: false });
  const record = JSON.parse(stdout) as Recorded;
  const container = record.deployment.resources.find(
    ({ urn, type }) => type === "docker:index/container:Container" && urn.endsWith(`::${name}`),
  );
  if (container === undefined) throw new Error(`${name} is not recorded`);
  container.pendingReplacement = true;
  const file = work("record.json");
  writeFileSync(file, JSON.stringify(record), { mode: 0o600 });
  await pulumi(["stack", "import", "--file", file]);
  rmSync(file);
}

/** A moment of an `up` that is under way. */
interface Point {
  /** What makes work for it; gives the patch of the config, which stays. */
  readonly change: () => Record<string, unknown>;
  readonly reached: (running: LongRun) => Promise<unknown>;
  /** Longest time between that and the kill, of which the seed takes a part. */
  readonly withinMs: number;
}

const nothing = {};
const POINTS: Record<string, Point> = {
  "while live state is read": {
    change: moreMemory(65),
    // It reads first, for seconds.
    reached: (running) => running.line(/^Updating \(/),
    withinMs: 2000,
  },
  "while images are carried": {
    change: () => (renewImage("haproxy"), nothing),
    reached: (running) => running.line(/Image \S+ (creating|updating|replacing)/),
    withinMs: 3000,
  },
  "while Consul servers are replaced": {
    change: () => (renewImage("consul"), nothing),
    reached: (running) => running.line(container("consul")),
    withinMs: 3000,
  },
  "while members are replaced": {
    change: rollOfMembers,
    reached: (running) => running.line(container("postgres")),
    withinMs: 4000,
  },
  "between PAUSE and RESUME": {
    change: rollOfMembers,
    reached: () =>
      untilNothing("a paused pool", 120, async () => ((await paused()).length > 0 ? [] : ["none"])),
    withinMs: 100,
  },
  "while files are written and their processes told": {
    change: () => ({ pool: { size: 10 + (SEED % 2), reserve: 3 } }),
    reached: (running) => running.line(/ConfigFiles \S+ updating/),
    withinMs: 1000,
  },
  "while PostgreSQL restarts in turn": {
    change: restartMembers,
    reached: (running) => running.line(/DynamicConfig \S+ updating/),
    withinMs: 8000,
  },
  "while roles and databases are made": {
    change: moreDatabases,
    reached: (running) => running.line(/Role \S+ creating/),
    withinMs: 500,
  },
  "while an HAProxy is replaced and its pools wait": {
    change: () => (renewImage("haproxy"), nothing),
    reached: (running) => running.line(container("haproxy")),
    withinMs: 1500,
  },
  "while the condition of `up` is awaited": {
    change: moreMemory(75),
    reached: (running) => running.line(/Ready \S+ (updating|creating)/),
    withinMs: 500,
  },
  "while endpoints are replaced": {
    change: () => (renewImage("pgbouncer"), nothing),
    reached: (running) => running.line(container("pgbouncer")),
    withinMs: 3000,
  },
};

describe(`an \`up\` that is killed with its plugins (seed ${SEED})`, () => {
  let writers: Writers;
  beforeAll(async () => {
    writers = await Writers.start(targets("pooledPrimary"), { clients: 4, table: aside() });
  });
  afterAll(async () => {
    await writers.stop();
    await up();
    await healthy();
    await writers.clear();
  }, 600_000);

  it.each(Object.entries(POINTS))(
    "%s",
    async (name, { change, reached, withinMs }) => {
      const ms = Math.round(drawn(name) * withinMs);
      const patch = change();
      settle(patch);
      const killed = await killedUp(patch, reached, ms);
      const waits = name.includes("PAUSE");
      // Nobody has to come and resume them: they notice at once that the one who held them is gone.
      if (waits) await untilNothing("every pool resumed", 5, paused);
      // The cluster serves, and no pool waits for somebody who is dead.
      await writers.goesOn(Date.now(), SERVES_SECONDS);
      await untilNothing("every pool resumed", SERVES_SECONDS, paused);
      console.log(`killed ${name}, ${ms} ms later: ${killed.length} processes`);

      // The way back that a person has in the night, before there is time for an `up`.
      if (waits) await ops(["recover"]);
      await up();
      await healthy();
      const clean = await previewClean();
      expect(clean.code, clean.stdout).toBe(0);
    },
    900_000,
  );

  it("when it had made a container and not written it down", async () => {
    const name = `${cluster}-pg2-haproxy-1`;
    const before = (await allContainers())[name];
    await forget(name);
    const { stdout, stderr } = await up();
    expect(`${stdout}${stderr}`).toContain(`container ${name} on host ${cluster}-pg2 was made by`);
    const after = (await allContainers())[name];
    expect(after).toBeDefined();
    expect(after).not.toBe(before);
    await healthy();
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
  }, 300_000);

  it("has never left the clients for long, and lost none of their writes", async () => {
    const figures = await writers.stop();
    console.log("killed in every phase:", figures);
    expect(figures.outageMs).toBeLessThan(SERVES_SECONDS * 1000);
    expect(await writers.verify()).toEqual([]);
  });
});
