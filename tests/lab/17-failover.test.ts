import { expect, it } from "vitest";
import { first } from "../harness/outputs";
import { untilNothing } from "../harness/wait";
import { Writers } from "../harness/writers";
import { aside, healthy, members, targets, useCluster } from "./stack/cluster";
import { command, ops, previewClean, tryOps } from "./stack/commands";
import { docker } from "./stack/hosts";
import { cluster } from "./stack/identity";

useCluster();

const leads = ({ role, state }: { role: string; state: string }): boolean =>
  role === "leader" && state === "running";

it("gives a cluster that nobody leads to the member that a person names, with all writes", async () => {
  const writers = await Writers.start(targets("pooledPrimary"), { clients: 4, table: aside() });
  const old = await members.leader();
  const candidate = first(await members.replicas());
  const failover = ["--json", "failover", "--candidate", candidate.name];
  try {
    // Somebody leads: then it is a switchover that is wanted.
    const refused = await tryOps(failover);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("switchover");

    // Paused, Patroni makes nobody lead by itself.
    await ops(["pause"]);
    await docker(old.host.name, ["kill", old.container]);
    await untilNothing("no leader", 60, async () => {
      const leading = (await members.view()).members.filter(leads);
      return leading.map(({ name }) => `${name} leads`);
    });
    // Nor is it done where nobody says yes: writes may be lost by it.
    const unasked = await command("ops", ["--stack", cluster, ...failover]);
    expect(unasked.code).not.toBe(0);
    expect(unasked.stderr).toContain("nothing was done");
    expect((await members.view()).members.filter(leads)).toEqual([]);
    const done = await ops(failover);
    expect(JSON.parse(done.stdout)).toMatchObject({ leader: candidate.name });
    expect((await members.leader()).name).toBe(candidate.name);
    await writers.goesOn(Date.now(), 30);
    console.log("failover by hand:", done.stdout.trim());

    await ops(["resume"]);
    await docker(old.host.name, ["start", old.container]);
    await healthy();
    const figures = await writers.stop();
    console.log("failover by hand:", figures);
    expect(figures.acknowledged).toBeGreaterThan(100);
    expect(await writers.verify()).toEqual([]);
    // Who leads is nobody's drift.
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
  } finally {
    await writers.stop();
    await tryOps(["resume"]);
    await docker(old.host.name, ["start", old.container]);
    await healthy();
    await writers.clear();
  }
}, 400_000);
