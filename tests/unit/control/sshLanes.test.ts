import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { socketBase, sweep } from "../../../control/sshDirectory";
import { Lanes } from "../../../control/sshLanes";

/** Connections that open when the test says so. */
function connections() {
  const open = new Set<string>();
  const asked: { path: string; done: (error?: Error) => void }[] = [];
  const lanes = new Lanes(
    (index) => `lane${index}`,
    (path) =>
      new Promise((resolve, reject) => {
        asked.push({
          path,
          done: (error) => {
            if (error !== undefined) return reject(error);
            open.add(path);
            resolve();
          },
        });
      }),
    (path) => open.has(path),
  );
  return { lanes, open, asked };
}

/** Lets everything go on that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("Lanes", () => {
  it("logs in once for a burst, and never twice at the same time", async () => {
    const { lanes, asked } = connections();
    const places = Array.from({ length: 25 }, () => lanes.take());
    await settle();
    expect(asked.map(({ path }) => path)).toEqual(["lane0"]);
    asked[0]?.done();
    await settle();
    expect(asked.map(({ path }) => path)).toEqual(["lane0", "lane1"]);
    asked[1]?.done();
    await settle();
    asked[2]?.done();
    const paths = (await Promise.all(places)).map(({ path }) => path);
    const on = (lane: string) => paths.filter((path) => path === lane).length;
    expect([on("lane0"), on("lane1"), on("lane2")]).toEqual([10, 10, 5]);
    expect(asked).toHaveLength(3);
  });

  it("uses a place again that was given back, and logs in anew when the connection is gone", async () => {
    const { lanes, open, asked } = connections();
    const first = lanes.take();
    await settle();
    asked[0]?.done();
    (await first).release();
    (await lanes.take()).release();
    expect(asked).toHaveLength(1);
    open.clear();
    const again = lanes.take();
    await settle();
    asked[1]?.done();
    expect((await again).path).toBe("lane0");
  });

  it("fails all who wait with the first login that fails, and tries anew for the next", async () => {
    const { lanes, asked } = connections();
    const waiting = Promise.allSettled(Array.from({ length: 15 }, () => lanes.take()));
    await settle();
    asked[0]?.done(new Error("no route to host"));
    const outcomes = await waiting;
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
    expect(asked).toHaveLength(1);
    const next = lanes.take();
    await settle();
    asked[1]?.done();
    expect((await next).path).toBe("lane0");
  });
});

describe("socketBase", () => {
  it("takes the system's folder where a socket's name fits and needs no quoting", () => {
    expect(socketBase("/tmp")).toBe("/tmp");
    const mac = "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T";
    expect(socketBase(mac)).toBe(mac);
    expect(socketBase(`/tmp/${"deep/".repeat(20)}`)).toBe("/tmp");
    expect(socketBase("/tmp/my folder")).toBe("/tmp");
    expect(socketBase("/tmp/50%")).toBe("/tmp");
  });
});

describe("sweep", () => {
  let base: string;
  beforeEach(() => (base = mkdtempSync(join(tmpdir(), "pgha-unit-"))));
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it("removes the old folders of processes that are gone, and no others", () => {
    const gone = spawnSync("true").pid;
    const old = [`pgha-${gone}-aaaaaa`, `pgha-${process.pid}-bbbbbb`, `pgha-${gone}-data`, "other"];
    const long = Date.now() / 1000 - 25 * 3600;
    for (const name of [...old, `pgha-${gone}-cccccc`]) {
      mkdirSync(join(base, name));
      writeFileSync(join(base, name, "file"), "");
      if (old.includes(name)) utimesSync(join(base, name), long, long);
    }
    // Nor does it stumble over what somebody else has put there.
    const loop = `pgha-${gone}-dddddd`;
    symlinkSync(loop, join(base, loop));
    sweep(base);
    sweep(join(base, "nowhere"));
    expect(readdirSync(base).sort()).toEqual([...old.slice(1), `pgha-${gone}-cccccc`, loop].sort());
  });
});
