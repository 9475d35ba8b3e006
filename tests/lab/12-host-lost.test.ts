import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MemberAccess } from "../../model/access";
import { untilNothing } from "../harness/wait";
import { Writers } from "../harness/writers";
import {
  aside,
  healthy,
  members,
  otherLeader,
  outputs,
  targets,
  useCluster,
} from "./stack/cluster";
import { ops, previewClean, tryPreview, tryUp, up } from "./stack/commands";
import { hostEntries, hostsWith, settle } from "./stack/config";
import { containersOf } from "./stack/hosts";
import { cluster, lab } from "./stack/identity";

useCluster();

const MOST_SECONDS = 60;
const MOST_SILENCE_MS = 15_000;
/** Patroni's ttl is 20 s; a member that is promoted asks for files of the repository before it leads. */
const MOST_OUTAGE_SECONDS = 45;
/** What a host that is out may cost more. */
const EXTRA_SECONDS = 30;
const parameters = (work_mem: string) => ({ postgres: { parameters: { work_mem } } });

describe("a host that loses its power", () => {
  let writers: Writers;
  let lost: MemberAccess;
  let before: string[];
  let usual = { preview: 0, up: 0 };
  let healed = false;
  const live = (all: readonly MemberAccess[]) =>
    Promise.all(all.map((member) => members.value("SHOW work_mem", "postgres", member)));
  const away = () => ({
    ...hostsWith({ [lost.host.name]: { state: "unreachable" } }),
    ...parameters("6MB"),
  });
  const others = () => outputs().operations.members.filter(({ name }) => name !== lost.name);

  beforeAll(async () => {
    const preview = (await tryPreview(parameters("5MB"))).seconds;
    usual = { preview, up: (await up()).seconds };
    // The worst to lose: the leader, and the backup repository beside it.
    const worst = `${cluster}-pg1-postgres-1`;
    if ((await members.leader()).name !== worst) await ops(["switchover", "--to", worst]);
    await healthy();
    lost = await members.leader();
    before = [...(await containersOf(lost.host.name)).keys()];
    writers = await Writers.start(targets("pooledPrimary"), { clients: 4, table: aside() });
  }, 180_000);

  afterAll(async () => {
    await writers.stop();
    if (!healed) {
      await lab.powerOn(lost.host.name);
      await up({ hosts: hostEntries(), ...parameters("6MB") });
      settle(parameters("6MB"));
      await healthy();
    }
    await writers.clear();
  }, 400_000);

  it("takes the leader with it, and another one leads", async () => {
    const at = Date.now();
    await lab.powerOff(lost.host.name);
    await otherLeader(lost);
    await writers.goesOn(at, MOST_OUTAGE_SECONDS);
  });

  it("ends a preview, and an `up`, within a minute with what to do", async () => {
    for (const run of [tryPreview, tryUp]) {
      const { code, stdout, stderr, seconds, silenceMs } = await run();
      expect(silenceMs).toBeLessThan(MOST_SILENCE_MS);
      const text = `${stdout}${stderr}`;
      expect(code, text).not.toBe(0);
      expect(seconds, text).toBeLessThan(MOST_SECONDS);
      expect(text).toMatch(new RegExp(`Hosts that do not answer:[^]*host ${lost.host.name}`));
      expect(text).toContain("`state: unreachable`");
      console.log(`${run.name} with a host lost: ${seconds} s`);
    }
  }, 240_000);

  it("does with `state: unreachable` what concerns the others", async () => {
    const plan = await tryPreview(away());
    expect(plan.code, plan.stderr).toBe(0);
    const { seconds } = await up();
    console.log("hot change:", usual, "with a host out:", {
      preview: plan.seconds,
      up: seconds,
    });
    expect(seconds).toBeLessThan(usual.up + EXTRA_SECONDS);
    expect(plan.seconds).toBeLessThan(usual.preview + EXTRA_SECONDS);
    expect(await live(others())).toEqual(["6MB", "6MB"]);
    await writers.goesOn(Date.now(), 15);
  }, 240_000);

  it("is healed when it is back and the line is taken out; no acknowledged write is lost", async () => {
    await lab.powerOn(lost.host.name);
    // Its containers come back with the host, before anybody does anything.
    await untilNothing("all of its containers started", 60, async () => {
      const running = await containersOf(lost.host.name);
      return before.filter((name) => !running.has(name));
    });
    await up({ hosts: hostEntries() });
    await healthy();
    expect(await live(outputs().operations.members)).toEqual(["6MB", "6MB", "6MB"]);
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
    settle(parameters("6MB"));
    healed = true;
    const figures = await writers.stop();
    console.log("a host lost:", figures);
    expect(figures.acknowledged).toBeGreaterThan(100);
    expect(await writers.verify()).toEqual([]);
  }, 400_000);
});
