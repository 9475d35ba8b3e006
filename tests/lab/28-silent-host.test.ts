import { afterAll, describe, expect, it } from "vitest";
import { type Ended, type LongRun, tailOf } from "../harness/longRun";
import { first } from "../harness/outputs";
import { healthy, members, outputs, useCluster } from "./stack/cluster";
import { beginUp, ops, previewClean, tryOps, tryPreview, tryUp, up } from "./stack/commands";
import { settle } from "./stack/config";
import { on } from "./stack/hosts";
import { rollOfMembers } from "./stack/shapes";

useCluster();

/** A firewall that was closed by mistake, or a host that hangs: nobody refuses, nobody answers. */
const drop = (action: "-I" | "-D") => ["iptables", action, "INPUT", "-p", "tcp", "--dport", "22"];
const HOST = "pg3";
let silent = false;

async function silence(): Promise<void> {
  await on(HOST, [...drop("-I"), "-j", "DROP"]);
  silent = true;
}
async function answer(): Promise<void> {
  if (silent) await on(HOST, [...drop("-D"), "-j", "DROP"]);
  silent = false;
}
const MOST_S = 60;
const MOST_SILENCE_MS = 15_000;
/** A roll may have begun to wait for the member before the host fell silent. */
const GATE_S = 10;
const PARAMETERS = { postgres: { parameters: { work_mem: "6MB" } } };

afterAll(answer);

/** What work comes to while the host says nothing. */
async function whileSilent<T>(work: () => Promise<T>): Promise<T> {
  await silence();
  try {
    return await work();
  } finally {
    await answer();
  }
}

/** How an `up` ends that the host falls silent under, and how many seconds after that. */
async function fallenSilent(
  running: LongRun,
  what: string,
): Promise<{ ended: Ended; seconds: number }> {
  const end = async () => {
    const began = Date.now();
    const ended = await running.ended;
    return { ended, seconds: (Date.now() - began) / 1000 };
  };
  const { ended, seconds } = await whileSilent(end);
  console.log(what, "with a host that fell silent:", seconds, "s, code", ended.code);
  return { ended, seconds };
}

describe("a host of which ssh says nothing, while the cluster on it works on", () => {
  it("ends a preview within a minute with what to do", async () => {
    const ended = await whileSilent(() => tryPreview());
    expect(ended.silenceMs).toBeLessThan(MOST_SILENCE_MS);
    expect(ended.code).not.toBe(0);
    console.log("preview with a silent host:", ended.seconds, "s");
    expect(ended.seconds).toBeLessThan(MOST_S);
    expect(tailOf(ended)).toMatch(new RegExp(`Hosts that do not answer:[^]*host ${HOST}`));
    expect(tailOf(ended)).toContain("state: unreachable");
  }, 200_000);

  it("is told of by every verb in time, and leadership moves away from it and among the others", async () => {
    const memberOf = (name: string): string =>
      first(outputs().operations.members.filter(({ host }) => host.name === name)).name;
    const onSilent = memberOf(HOST);
    if ((await members.leader()).name !== onSilent) await ops(["switchover", "--to", onSilent]);
    await healthy();
    await whileSilent(async () => {
      const status = await tryOps(["--json", "status"]);
      expect(status.code, tailOf(status)).toBe(1);
      expect(status.seconds).toBeLessThan(MOST_S / 2);
      expect(status.stdout).toContain(HOST);
      const timed = async (code: number, ...args: string[]): Promise<void> => {
        const { seconds, ...ended } = await tryOps(args);
        console.log(args.join(" "), "with a silent host:", seconds, "s, code", ended.code);
        expect(ended.code, tailOf(ended)).toBe(code);
        expect(seconds, tailOf(ended)).toBeLessThan(MOST_S);
      };
      await timed(1, "maintenance", HOST, "on");
      for (const to of ["pg1", "pg2"]) await timed(0, "switchover", "--to", memberOf(to));
      await timed(0, "psql", "--", "-c", "SELECT 1");
      await timed(0, "pause");
      await timed(0, "resume");
      await timed(0, "backup", "--list");
      // The others' are printed; that one is missing is said by the exit code.
      await timed(1, "logs", "haproxy", "--tail", "1");
      await timed(0, "recover");
    });
    await healthy();
  }, 400_000);

  it("ends an `up` that has just begun, and one in the middle of a roll, with what to do", async () => {
    const early = await whileSilent(() => tryUp());
    expect(early.code).not.toBe(0);
    expect(early.seconds).toBeLessThan(MOST_S);
    expect(tailOf(early)).toContain("state: unreachable");

    const roll = rollOfMembers();
    settle(roll);
    const running = beginUp(roll);
    await running.line(/Container \S+-pg1-postgres-1 deleting/);
    const { ended, seconds } = await fallenSilent(running, "a roll");
    expect(ended.code).not.toBe(0);
    expect(tailOf(ended)).toContain("state: unreachable");
    expect(seconds).toBeLessThan(MOST_S + GATE_S);
    await up();
    await healthy();
  }, 600_000);

  it("that falls silent under way ends an `up` within a minute, and the next one does the rest", async () => {
    const running = beginUp(PARAMETERS);
    settle(PARAMETERS);
    await running.line(/refresh/);
    const { ended, seconds } = await fallenSilent(running, "up");
    expect(ended.code).not.toBe(0);
    expect(tailOf(ended)).toContain("state: unreachable");
    expect(seconds).toBeLessThan(MOST_S);
    await up();
    await healthy();
    for (const member of outputs().operations.members)
      expect(await members.value("SHOW work_mem", "postgres", member)).toBe("6MB");
    expect((await previewClean()).code).toBe(0);
  }, 400_000);
});
