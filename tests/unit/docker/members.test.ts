import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NotYet, until } from "../../../control/until";

const IMAGE = join(__dirname, "../../../docker/postgres");

/** Answers who is in the cluster; writes down whom it was to wake, of whom one does not answer. */
const CURL = `#!/bin/sh
for word; do last=$word; done
case $last in
*/cluster) echo '{"members": [{"name": "m1", "api_url": "https://10.0.0.1:8008/patroni"},
  {"name": "m2", "api_url":"https://10.0.0.2:8009/patroni"}]}' ;;
*10.0.0.1*) exit 7 ;;
*) echo "$*" >> "$WORK/woken" ;;
esac
`;
/** Waits for a promotion as the real one does: in its one session. */
const PSQL = `#!/bin/sh
echo "$$" > "$WORK/session"
until [ -e "$WORK/promoted" ]; do sleep 0.05; done
echo leads
`;

let folder: string;
let running: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pgha-member-"));
  for (const [name, text] of Object.entries({ curl: CURL, psql: PSQL })) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
});
afterEach(() => {
  running?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function start(script: string, ...args: string[]) {
  const env = { PATH: `${folder}:${process.env.PATH ?? ""}`, WORK: folder, PGHA_NAME: "m2" };
  const child = spawn("sh", [join(IMAGE, script), ...args], { env });
  running = child;
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, "close").then(([code]) => code as number);
  return { child, ended, output: () => output };
}

const written = (name: string): string =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "";

describe("wake-peers", () => {
  it("wakes all members when this one has become the leader, without changing anything", async () => {
    expect(await start("wake-peers", "on_role_change", "primary", "orders").ended).toBe(0);
    const [line, ...more] = written("woken").trim().split("\n");
    expect(more).toEqual([]);
    expect(line).toContain('--request PATCH --data {"postgres_ha_wake": null}');
    expect(line).toMatch(/ https:\/\/10\.0\.0\.2:8009\/config$/);
  });

  it("says nothing to anybody when it has become a replica", async () => {
    expect(await start("wake-peers", "on_role_change", "replica", "orders").ended).toBe(0);
    expect(written("woken")).toBe("");
  });
});

describe("await-lead", () => {
  const session = () =>
    until("the session", { timeoutMs: 5000, intervalMs: 20 }, () => {
      const pid = Number(written("session"));
      if (pid === 0) throw new NotYet("none");
      return Promise.resolve(pid);
    });

  it("says so once PostgreSQL takes writes, and ends", async () => {
    const { ended, output } = start("await-lead", "20");
    await session();
    expect(output()).toBe("");
    writeFileSync(join(folder, "promoted"), "");
    expect(await ended).toBe(0);
    expect(output()).toBe("leads\n");
  });

  it("ends with its caller, and its session with it", async () => {
    const { child, ended, output } = start("await-lead", "20");
    const pid = await session();
    child.stdin.end();
    expect(await ended).not.toBe(0);
    expect(output()).toBe("");
    await until("the end of the session", { timeoutMs: 5000, intervalMs: 20 }, () => {
      if (existsSync(`/proc/${pid}`)) throw new NotYet("it runs");
      return Promise.resolve();
    });
  });

  it("ends at its deadline", async () => {
    const { ended } = start("await-lead", "1");
    expect(await ended).not.toBe(0);
  });
});
