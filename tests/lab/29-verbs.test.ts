import { describe, expect, it } from "vitest";
import { first } from "../harness/outputs";
import { tailOf } from "../harness/longRun";
import { untilNothing } from "../harness/wait";
import { healthy, members, otherLeader, outputs, status, useCluster } from "./stack/cluster";
import { beginOps, command, ops, previewClean, tryOps } from "./stack/commands";
import { docker } from "./stack/hosts";
import { cluster } from "./stack/identity";

useCluster();

/** Asks nothing, as in a script: without `--yes`, and without a terminal to ask on. */
const unasked = (...args: string[]) => command("ops", ["--stack", cluster, ...args]);
const one = async (...args: string[]): Promise<string> =>
  (await ops(["psql", ...args])).stdout.trim();

describe("the verbs of a day, by ssh", () => {
  it("status: a table, and a view that goes on until it is ended", async () => {
    const { stdout } = await ops(["status"]);
    for (const { name } of outputs().operations.members) expect(stdout).toContain(name);
    for (const word of ["leader", "streaming", "timeline"])
      expect(stdout).toMatch(new RegExp(word, "i"));
    let looked = 0;
    const onLine = (line: string): void => void (looked += line.includes("verdict") ? 1 : 0);
    const live = beginOps(["--json", "status", "--watch", "1"], { onLine });
    await untilNothing("two looks", 30, () => Promise.resolve(looked < 2 ? ["not yet"] : []));
    live.child.kill("SIGINT");
    await live.ended;
  }, 60_000);

  it("status --json: all that a monitoring asks for", async () => {
    const { operations } = outputs();
    const leader = await members.leader();
    const found = await status();
    expect(found).toMatchObject({ verdict: "healthy", problems: [], leader: leader.name });
    const [timeline] = new Set(found.members.map((member) => member.timeline));
    for (const { name, role, state, sync, lagBytes, ...member } of found.members) {
      const leads = name === leader.name;
      expect([name, role, state], name).toEqual(
        leads ? [name, "leader", "running"] : [name, "replica", "streaming"],
      );
      expect(sync, name).toBe(leads ? null : "quorum");
      expect(lagBytes === null, name).toBe(leads);
      expect(member.timeline, name).toBe(timeline);
    }
    expect(found.members).toHaveLength(operations.members.length);
    expect(found.hosts.map(({ name, error }) => [name, error])).toEqual(
      ["pg1", "pg2", "pg3"].map((name) => [name, null]),
    );
    expect(found.pools.map(({ name }) => name).sort()).toEqual(
      operations.poolers.map(({ container }) => container).sort(),
    );
    expect(found.consul).toMatchObject({ healthy: true, error: null });
    expect(operations.consul.map(({ container }) => container)).toContain(found.consul.leader);
    for (const { kind, answeredBy } of found.endpoints)
      expect(answeredBy, kind).toBe(/primary/i.test(kind) ? "leader" : "replica");
    expect(found.backup).toMatchObject({ archive: { failing: false }, error: null });
    expect(found.backup?.last?.stop).toBeGreaterThan(Date.now() / 1000 - 86_400);
  });

  it("status: tells what is wrong by its exit code, and `recover` starts what was stopped", async () => {
    const pooler = first(outputs().operations.poolers);
    await docker(pooler.host.name, ["stop", pooler.container]);
    const degraded = await tryOps(["status"]);
    expect(degraded.code, tailOf(degraded)).toBe(1);
    expect(degraded.stdout).toContain(pooler.container);
    const recovered = await ops(["recover"]);
    expect(tailOf(recovered)).toContain(pooler.container);
    await healthy();
    expect((await ops(["recover"])).stdout).toContain("nothing to recover");
  }, 180_000);

  it("psql: on the leader, on the member that is named, and not for longer than it may", async () => {
    const where = "SELECT pg_is_in_recovery()";
    expect(await one("--", "-XAtc", where)).toBe("f");
    const replica = first(await members.replicas());
    expect(await one("--member", replica.name, "--", "-XAtc", where)).toBe("t");
    const late = await tryOps(["psql", "--timeout", "3", "--", "-c", "SELECT pg_sleep(120)"]);
    expect(late.code).not.toBe(0);
    expect(late.seconds).toBeLessThan(30);
  }, 90_000);

  it("logs: the last lines of a part, and what is said from now on", async () => {
    const { stdout } = await ops(["logs", "haproxy", "--tail", "2"]);
    expect(stdout).toContain(`${cluster}-pg1-haproxy-1`);
    for (const line of stdout.trim().split("\n")) expect(line).toMatch(/-haproxy-1 \| /);
    const mark = `said ${Date.now()}`;
    const following = beginOps(["logs", "postgres", "--follow", "--tail", "1"]);
    const heard = following.line(new RegExp(mark));
    await untilNothing("the mark in the log", 30, async () => {
      await one("--", "-c", `DO $$ BEGIN RAISE LOG '${mark}'; END $$`);
      const line = await Promise.race([heard, Promise.resolve("")]);
      return line === "" ? ["not yet"] : [];
    });
    following.child.kill("SIGINT");
    await following.ended;
  }, 90_000);

  it("switchover: refused where nobody says yes, else to a standby that it chooses", async () => {
    const old = await members.leader();
    const refused = await unasked("switchover");
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("nothing was done");
    for (const verb of [["maintenance", "pg1", "on"], ["pause"]]) {
      const no = await unasked(...verb);
      expect(no.code, tailOf(no)).not.toBe(0);
    }
    expect((await members.leader()).name).toBe(old.name);
    await ops(["switchover"]);
    expect((await otherLeader(old, 10)).name).not.toBe(old.name);
    await healthy();
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
  }, 120_000);
});
