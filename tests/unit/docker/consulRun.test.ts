import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NotYet, until } from "../../../control/until";

const SCRIPT = join(__dirname, "../../../docker/consul/consul-run");
/** Writes down what it is told, and ends when it is told to. */
const CONSUL = `#!/bin/sh
trap 'echo HUP >> "$WORK/said"' HUP
trap 'echo TERM >> "$WORK/said"; exit 0' TERM
echo "began $*" >> "$WORK/said"
until [ -e "$WORK/crash" ]; do sleep 0.05; done
exit 7
`;

let folder: string;
let server: Server;
let running: ChildProcess | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "pgha-agent-"));
  writeFileSync(join(folder, "consul"), CONSUL);
  chmodSync(join(folder, "consul"), 0o755);
  server = createServer().listen(0, "0.0.0.0");
  await once(server, "listening");
});
afterEach(() => {
  running?.kill("SIGKILL");
  writeFileSync(join(folder, "crash"), ""); // ends what the script has started
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const said = (): string[] =>
  existsSync(join(folder, "said"))
    ? readFileSync(join(folder, "said"), "utf8").trim().split("\n")
    : [];
const says = (line: string): Promise<void> =>
  until(line, { timeoutMs: 5000, intervalMs: 20 }, () => {
    if (!said().includes(line)) throw new NotYet(said().join());
    return Promise.resolve();
  });

async function start(holdSeconds = 20, from?: string, self?: string) {
  const env = {
    PATH: `${folder}:${process.env.PATH ?? ""}`,
    WORK: folder,
    PGHA_HOLD_PORT: String((server.address() as AddressInfo).port),
    PGHA_HOLD_SECONDS: String(holdSeconds),
    ...(from === undefined ? {} : { PGHA_HOLD_FROM: from }),
    ...(self === undefined ? {} : { PGHA_HOLD_SELF: self }),
  };
  const child = spawn("sh", [SCRIPT, "agent", "-config-file", "x"], { env });
  running = child;
  const ended = once(child, "close").then(([code]) => code as number);
  await says("began agent -config-file x");
  return { child, ended };
}

/** A connection to the agent's port, as Patroni holds one. */
async function patroni(to = "127.0.0.1") {
  const socket = connect((server.address() as AddressInfo).port, to);
  const [[other]] = await Promise.all([
    once(server, "connection") as Promise<[ReturnType<typeof connect>]>,
    once(socket, "connect"),
  ]);
  return () => {
    other.destroy();
    socket.destroy();
  };
}

describe.runIf(existsSync("/proc/net/tcp"))("a Consul that is stopped", () => {
  it("ends at once where nobody uses it", async () => {
    const { child, ended } = await start();
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(said()).toEqual(["began agent -config-file x", "TERM"]);
  });

  it("outlives the Patroni that is connected to it", async () => {
    const { child, ended } = await start();
    const leave = await patroni();
    child.kill("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(said()).not.toContain("TERM");
    leave();
    expect(await ended).toBe(0);
    expect(said()).toContain("TERM");
  });

  it("waits for certain addresses only, where some are named", async () => {
    for (const [from, waits] of [
      ["198.51.100.1 127.0.0.1", true],
      ["198.51.100.1 127.0.0.10", false],
    ] as const) {
      const { child, ended } = await start(20, from);
      const leave = await patroni();
      child.kill("SIGTERM");
      if (waits) {
        await new Promise((resolve) => setTimeout(resolve, 700));
        expect(said()).not.toContain("TERM");
        leave();
      }
      expect(await ended).toBe(0);
      leave();
      rmSync(join(folder, "said"));
    }
  });

  it("waits for nobody that it is itself", async () => {
    for (const [to, waits] of [
      ["127.0.0.1", false],
      ["127.0.0.2", true],
    ] as const) {
      const { child, ended } = await start(20, "127.0.0.1", "127.0.0.1");
      const leave = [await patroni("127.0.0.1"), await patroni(to)];
      child.kill("SIGTERM");
      if (waits) {
        await new Promise((resolve) => setTimeout(resolve, 700));
        expect(said()).not.toContain("TERM");
        leave.pop()?.();
      }
      expect(await ended).toBe(0);
      leave.forEach((end) => end());
      rmSync(join(folder, "said"));
    }
  });

  it("ends after a while all the same", async () => {
    const { child, ended } = await start(2);
    const leave = await patroni();
    const told = Date.now();
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    // Whole seconds are counted: the first of the two may be nearly over.
    expect(Date.now() - told).toBeGreaterThan(900);
    leave();
  });

  it("reads its files again when it is told to, and is not stopped by that", async () => {
    const { child, ended } = await start();
    child.kill("SIGHUP");
    await says("HUP");
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(said()).toEqual(["began agent -config-file x", "HUP", "TERM"]);
  });

  it("ends with the agent's own code when that crashes", async () => {
    const { ended } = await start();
    writeFileSync(join(folder, "crash"), "");
    expect(await ended).toBe(7);
  });
});
