import { beforeEach, expect, it } from "vitest";
import { amid, NotYet, until } from "../../../control/until";
import { HostWatch } from "../../../provider/silence";

const hosts = ["pg1", "pg2"].map((name) => ({ name, docker: `ssh://deploy@${name}` }));
let now: number;
let dead: string[];
let watch: HostWatch;

beforeEach(() => {
  [now, dead] = [0, []];
  const ask = ({ name }: { name: string }) =>
    dead.includes(name) ? Promise.reject(new Error("no route")) : Promise.resolve();
  watch = new HostWatch(hosts, ask, () => now);
});

async function lookAt(time: number): Promise<string | undefined> {
  now = time;
  await watch.look();
  return watch.vain()?.message;
}

it("gives up on a host that has been silent for half a minute, and says what to do", async () => {
  dead = ["pg2"];
  expect(await lookAt(0)).toBeUndefined();
  expect(await lookAt(20_000)).toBeUndefined();
  expect(await lookAt(30_000)).toMatch(/host pg2.*no answer for 30 s: no route.*unreachable/);
});

it("counts from the last answer", async () => {
  dead = ["pg2"];
  await lookAt(0);
  dead = [];
  expect(await lookAt(20_000)).toBeUndefined();
  dead = ["pg2"];
  expect(await lookAt(31_000)).toBeUndefined();
  expect(await lookAt(62_000)).toMatch(/host pg2/);
});

it("ends a wait that would go on, and none that is over", async () => {
  dead = ["pg1"];
  await lookAt(0);
  await lookAt(30_000);
  const never = () => Promise.reject(new NotYet("m1 starting"));
  const waits = amid(watch, () => until("m1", { timeoutMs: 60_000, intervalMs: 1 }, never));
  await expect(waits).rejects.toThrow(/host pg1/);
  const over = amid(watch, () => until("m1", { timeoutMs: 1 }, () => Promise.resolve("there")));
  expect(await over).toBe("there");
});
