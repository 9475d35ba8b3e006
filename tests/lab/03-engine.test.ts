import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineAnswers } from "../../control/engine";
import { exec, execChecked } from "../../control/exec";
import { privateDirectory } from "../../control/sshDirectory";
import type { ContainerAccess, HostAccess } from "../../model/access";
import { root } from "../../setup/paths";
import { run as here } from "../harness/run";
import { eventually } from "../harness/wait";
import { loadImage, run } from "./harness/images";
import { Lab } from "./harness/lab";
import { logins } from "./harness/logins";
import { placeOf } from "./harness/place";

/** A lab of this file's own: the one that a person works with is left alone. */
const lab = new Lab(placeOf(root, "lab-engine"));
const access = (name: string): HostAccess => {
  const host = lab.hosts.find((one) => one.name === name);
  if (!host) throw new Error(`the lab has no host ${name}`);
  return host;
};
const box = (name: string): ContainerAccess => ({ host: access(name), container: "box" });
const loggedIn = (name: string): number => {
  const place = lab.places().find((host) => host.name === name);
  return place ? logins(place).length : 0;
};
/** Processes on a host that a pattern finds by their command lines. */
const running = async (name: string, pattern: string): Promise<string> =>
  (await lab.inside(name, ["pgrep", "-fa", "--", pattern])).stdout;
const said = (work: Promise<unknown>): Promise<string> => work.then(() => "no error", String);

beforeAll(async () => {
  await lab.down();
  await lab.up(2);
  Object.assign(process.env, lab.environment());
  for (const name of ["pg1", "pg2"]) {
    await loadImage(lab, name);
    await run(lab, name, "box");
  }
  const forbid =
    "echo AllowStreamLocalForwarding no >> /etc/ssh/sshd_config && pkill -HUP -o -x sshd";
  expect((await lab.inside("pg2", ["sh", "-c", forbid])).code).toBe(0);
}, 300_000);
afterAll(() => lab.down(), 120_000);

describe("a remote engine", () => {
  it.each([
    ["pg1", "by its socket, which takes no process for a request"],
    ["pg2", "by `docker system dial-stdio` where sshd forwards no socket"],
  ])(
    "on %s is reached %s",
    async (name) => {
      const before = loggedIn(name);
      // More than any buffer on the way holds, both ways, and an end of stdin that has to arrive.
      const bytes = randomBytes(8 * 1024 * 1024).toString("base64");
      const sum = createHash("sha256").update(bytes).digest("hex");
      expect(await execChecked(box(name), ["sha256sum"], { stdin: bytes })).toContain(sum);
      const { stdout } = await exec(box(name), ["cat"], { stdin: bytes });
      expect(createHash("sha256").update(stdout).digest("hex")).toBe(sum);

      const many = Array.from({ length: 30 }, (_, n) =>
        execChecked(box(name), ["echo", String(n)]),
      );
      expect((await Promise.all(many)).map(Number)).toEqual(many.map((_, n) => n));
      const dialled = await running(name, "^docker system dial-stdio");
      if (name === "pg1") {
        expect(dialled).toBe("");
        expect(loggedIn(name) - before).toBe(1);
      } else expect(dialled).not.toBe("");
    },
    60_000,
  );

  it("that has died is told of with its host, and reached again once it is back", async () => {
    expect((await lab.inside("pg1", ["pkill", "-KILL", "-x", "dockerd"])).code).toBe(0);
    const error = await said(engineAnswers(access("pg1"), 10_000));
    expect(error).toMatch(/pg1.*(closed the connection|connection was closed)/);
    await lab.powerOff("pg1");
    await lab.powerOn("pg1");
    expect((await lab.inside("pg1", ["docker", "start", "box"])).code).toBe(0);
    expect(await execChecked(box("pg1"), ["echo", "here"])).toBe("here\n");
  }, 120_000);

  it.each([
    ["ended by its other side", () => lab.inside("pg1", ["pkill", "-f", "^sshd: deploy"])],
    [
      "killed on this side",
      // The shared connection of this very process: its socket lies in a folder of it alone.
      () => here("pkill", ["-KILL", "-f", `${privateDirectory()}/s`]),
    ],
  ])(
    "is reached anew when its connection was %s",
    async (_, end) => {
      expect(await execChecked(box("pg1"), ["echo", "before"])).toBe("before\n");
      expect((await end()).code).toBe(0);
      const back = await eventually("the engine to answer again", 20, () =>
        execChecked(box("pg1"), ["echo", "after"]),
      );
      expect(back).toBe("after\n");
      expect(await running("pg1", "^docker system dial-stdio")).toBe("");
    },
    60_000,
  );

  it("that was started again while nobody asked is asked on a new connection", async () => {
    expect(await execChecked(box("pg1"), ["echo", "before"])).toBe("before\n");
    await lab.restartEngine("pg1");
    expect((await lab.inside("pg1", ["docker", "start", "box"])).code).toBe(0);
    expect(await execChecked(box("pg1"), ["echo", "after"])).toBe("after\n");
  }, 60_000);

  it("tells the end of a program that does not read what it is given", async () => {
    const bytes = Buffer.alloc(8 * 1024 * 1024, "x");
    const { exitCode } = await exec(box("pg1"), ["sh", "-c", "exit 7"], { stdin: bytes });
    expect(exitCode).toBe(7);
  }, 60_000);

  it("whose connection is killed never passes off a part for the whole", async () => {
    const whole = said(execChecked(box("pg1"), ["sh", "-c", "yes | head -c 300000000"]));
    await eventually(
      "the program",
      20,
      async () => (await running("pg1", "^head -c")) || undefined,
    );
    const killed = await here("pkill", ["-KILL", "-f", `${privateDirectory()}/s`]);
    expect(killed.code).toBe(0);
    expect(await whole).toMatch(/connection was lost/);
  }, 60_000);

  it("behind a cut cable fails in time what waits for it", async () => {
    const waits = said(exec(box("pg1"), ["sleep", "300"], { timeoutMs: 400_000 }));
    await eventually(
      "the program",
      20,
      async () => (await running("pg1", "^sleep 300")) || undefined,
    );
    const cut = Date.now();
    await lab.cut("pg1");
    try {
      expect(await waits).toMatch(/pg1.*connection was lost/);
      expect(Date.now() - cut).toBeLessThan(60_000);
    } finally {
      await lab.heal("pg1");
    }
  }, 120_000);
});
