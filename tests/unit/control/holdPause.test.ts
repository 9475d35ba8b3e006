import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until, NotYet } from "../../../control/until";

const SCRIPT = join(__dirname, "../../../docker/pgbouncer/hold-pause");

/** Says to a file what it is asked; a transaction that runs on holds PAUSE up. */
const PSQL = `#!/bin/sh
for word; do last=$word; done
echo "$last" >> "$HELD/said"
if [ "$last" = PAUSE ] && [ -e "$HELD/busy" ]; then sleep 30; fi
`;
/** An open connection lasts until the other end is gone; PostgreSQL answers when it is back. */
const SOCAT = `#!/bin/sh
if [ "$1" = -u ]; then
  while [ ! -e "$HELD/gone" ]; do sleep 0.05; done
  exit 0
fi
cat > /dev/null
if [ -e "$HELD/back" ]; then printf S; fi
`;

let folder: string;
let running: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pgha-hold-"));
  for (const [name, text] of Object.entries({ psql: PSQL, socat: SOCAT })) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  writeFileSync(join(folder, "said"), "");
});
afterEach(() => {
  running?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const said = (): string[] => readFileSync(join(folder, "said"), "utf8").split("\n").filter(Boolean);
const happens = (what: string): void => writeFileSync(join(folder, what), "");
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Ended {
  readonly code: number | null;
  readonly errors: string;
}

/** Starts the script; `paused` once it says so, `ended` with its exit code. */
function hold(...args: string[]) {
  const path = `${folder}:${process.env.PATH ?? ""}`;
  const child = spawn("sh", [SCRIPT, ...args], { env: { PATH: path, HELD: folder } });
  running = child;
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<Ended>((resolve) =>
    child.once("exit", (code) => resolve({ code, errors })),
  );
  const paused = () =>
    until("paused", { timeoutMs: 5000, intervalMs: 20 }, () => {
      if (output !== "paused\n") throw new NotYet(`${output}${errors}`);
      return Promise.resolve();
    });
  return { child, ended, paused, now: () => child.stdin.write("now\n") };
}

describe("a pause that is held by its caller", () => {
  it("ends with it", async () => {
    const { child, ended, paused, now } = hold("20", "3");
    now();
    await paused();
    expect(said()).toEqual(["PAUSE"]);
    child.stdin.end();
    expect((await ended).code).toBe(0);
    expect(said()).toEqual(["PAUSE", "RESUME"]);
  });

  it("is none until it is wanted, and none at all where its caller goes before", async () => {
    const { child, ended } = hold("20", "3");
    await pause(300);
    expect(said()).toEqual([]);
    child.stdin.end();
    expect((await ended).code).toBe(0);
    expect(said()).toEqual([]);
  });

  it("ends at its deadline", async () => {
    const { ended, paused, now } = hold("1", "3");
    now();
    await paused();
    expect((await ended).code).toBe(0);
    expect(said()).toEqual(["PAUSE", "RESUME"]);
  });

  it("is none where a transaction runs on", async () => {
    happens("busy");
    const { ended, now } = hold("20", "1");
    now();
    expect(await ended).toEqual({ code: 3, errors: "transactions still ran after 1 s\n" });
    expect(said()).toEqual(["PAUSE", "RESUME"]);
  });
});

describe("a pause until a proxy is back", () => {
  it("outlives its caller, and ends only once the proxy was gone and PostgreSQL answers", async () => {
    const { child, ended, paused } = hold("20", "3", "10.0.0.1", "5000");
    await paused();
    child.stdin.end();
    child.stdout.destroy();
    happens("back"); // it answers still: it has not been replaced yet
    await pause(400);
    expect(said()).toEqual(["PAUSE"]);
    rmSync(join(folder, "back"));
    happens("gone");
    await pause(400);
    expect(said()).toEqual(["PAUSE"]);
    happens("back");
    expect((await ended).code).toBe(0);
    expect(said()).toEqual(["PAUSE", "RESUME"]);
  });

  it("ends at its deadline where it never comes back", async () => {
    const { ended, paused } = hold("1", "3", "10.0.0.1", "5000");
    await paused();
    happens("gone");
    expect((await ended).code).toBe(0);
    expect(said()).toEqual(["PAUSE", "RESUME"]);
  });

  it("ends at its deadline where it never goes", async () => {
    happens("back");
    const { ended, paused } = hold("1", "1", "10.0.0.1", "5000");
    await paused();
    expect((await ended).code).toBe(0);
    expect(said()).toEqual(["PAUSE", "RESUME"]);
  });

  it("ends when it is told to end", async () => {
    const { child, ended, paused } = hold("20", "3", "fd00::1", "5000");
    await paused();
    child.kill("SIGTERM");
    expect((await ended).code).toBe(1);
    expect(said()).toEqual(["PAUSE", "RESUME"]);
  });
});
