import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NotYet, until } from "../../../control/until";

const SCRIPTS = join(__dirname, "../../../docker/haproxy");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pgha-steer-"));
  writeFileSync(join(folder, "socat"), '#!/bin/sh\ncat >> "$WORK/told"\n', { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const told = (): string[] => readFileSync(join(folder, "told"), "utf8").trim().split("\n");
/** The kernel's list of a process's children. */
const childrenOf = (pid = 0): string => `/proc/${pid}/task/${pid}/children`;
const read = (file: string): string => readFileSync(file, "utf8").trim();
function start(seconds: string) {
  const env = { PATH: `${folder}:${SCRIPTS}:${process.env.PATH ?? ""}`, WORK: folder };
  const child = spawn("sh", [join(SCRIPTS, "steer"), seconds], { env });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const stdoutEnds = once(child.stdout, "end").then(() => said);
  return { child, stdoutEnds, ended: once(child, "exit").then(([code]) => code as number) };
}

describe.runIf(existsSync(childrenOf(process.pid)))("what waits in an HAProxy for a new leader", () => {
  it("tells it at once, says so, and goes on as what ends the drain", async () => {
    const { child, stdoutEnds, ended } = start("30");
    child.stdin.write("a b\n");
    expect(await stdoutEnds).toBe("done\n");
    expect(told()).toEqual([
      "set server primary/a health down; set server primary/b health up; set server replicas/b state drain",
    ]);
    // In the same process: HAProxy would wait for a child.
    const sleeps = await until("the drain", { timeoutMs: 5000, intervalMs: 20 }, () => {
      const name = read(`/proc/${child.pid}/cmdline`);
      const children = read(childrenOf(child.pid));
      if (!name.includes("ready-later") || children === "") throw new NotYet(name);
      return Promise.resolve(Number(children));
    });
    expect(child.exitCode).toBeNull();
    process.kill(sleeps, "SIGKILL");
    expect(await ended).not.toBe(0);
  });

  it("has the new leader take readers again after a while", async () => {
    const { child, ended } = start("0.2");
    child.stdin.write("a b\n");
    expect(await ended).toBe(0);
    expect(told()).toContain("set server replicas/b state ready");
  });

  it("does nothing without a line, nor for what is no name", async () => {
    const silent = start("30");
    silent.child.stdin.end();
    expect(await silent.ended).toBe(0);
    const bad = start("30");
    bad.child.stdin.write("a b;x\n");
    expect(await bad.ended).toBe(2);
    expect(() => told()).toThrow(/ENOENT/);
  });
});
