import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
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

function start(script: string, ...args: (string | NodeJS.ProcessEnv)[]) {
  const more = args.filter((one): one is NodeJS.ProcessEnv => typeof one !== "string");
  const words = args.filter((one): one is string => typeof one === "string");
  const own = { PATH: `${folder}:${process.env.PATH ?? ""}`, WORK: folder, PGHA_NAME: "m2" };
  const env = Object.assign({}, own, ...more) as NodeJS.ProcessEnv;
  const child = spawn("sh", [join(IMAGE, script), ...words], { env });
  running = child;
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, "close").then(([code]) => code as number);
  return { child, ended, output: () => output };
}

const written = (name: string): string =>
  existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "";

describe("wake-peers", () => {
  it("wakes all members that answer once this one is promoted, without changing anything", async () => {
    const text = `#!/bin/sh\n[ -e "$WORK/asked" ] && echo f || { echo t; : > "$WORK/asked"; }\n`;
    writeFileSync(join(folder, "psql"), text, { mode: 0o755 });
    expect(await start("wake-peers").ended).toBe(0);
    const [line, ...more] = written("woken").trim().split("\n");
    expect(more).toEqual([]);
    expect(line).toContain('--request PATCH --data {"postgres_ha_wake": null}');
    expect(line).toMatch(/ https:\/\/10\.0\.0\.2:8009\/config$/);
  });

});

describe("role-changed", () => {
  it.each([
    ["on_role_change", "primary", true, ["archive-missed orders", "wake-peers"]],
    ["on_role_change", "replica", true, []],
    ["on_start", "replica", false, []],
    ["on_start", "primary", false, []],
  ])("%s as %s", async (action, role, permitStays, did) => {
    for (const name of ["wake-peers", "archive-missed"]) {
      const text = `#!/bin/sh\necho ${name} "$@" >> "$WORK/did"\n`;
      writeFileSync(join(folder, name), text, { mode: 0o755 });
    }
    const [permit, leads] = [join(folder, "permit"), join(folder, "leads")];
    for (const file of [permit, leads]) writeFileSync(file, "");
    const env = { PGHA_LEADS: leads };
    expect(await start("role-changed", env, permit, action, role, "orders").ended).toBe(0);
    expect(existsSync(leads)).toBe(role === "primary");
    const lines = written("did").split("\n").filter(Boolean);
    expect(lines.map((line) => line.trim()).sort()).toEqual(did);
    expect(existsSync(permit)).toBe(permitStays);
  });
});

describe("member-run", () => {
  /** Ends with 5 when it is told to, and leads from the begin where it is to. */
  const PATRONI = `#!/bin/sh
trap 'echo HUP >> "$WORK/said"' HUP
trap 'exit 5' TERM
[ -z "$LEADS" ] || : > "$PGHA_LEADS"
echo "$*" >> "$WORK/said"
until [ -e "$WORK/crash" ]; do sleep 0.05; done
exit 7
`;
  const run = async (leads: string) => {
    writeFileSync(join(folder, "patroni"), PATRONI, { mode: 0o755 });
    const env = { PGHA_LEADS: join(folder, "leads"), LEADS: leads, PGHA_LINGER_SECONDS: "1", PGHA_AGAIN_SECONDS: "0.3" };
    const begun = start("member-run", env, "patroni.yml");
    await says("patroni.yml");
    return begun;
  };
  const says = (line: string): Promise<void> =>
    until(line, { timeoutMs: 5000, intervalMs: 20 }, () => {
      if (!written("said").includes(`${line}\n`)) throw new NotYet(written("said"));
      return Promise.resolve();
    });

  it("ends with Patroni and its code, a moment later where it led", async () => {
    for (const leads of ["", "yes"]) {
      const { child, ended } = await run(leads);
      const told = Date.now();
      child.kill("SIGTERM");
      expect(await ended).toBe(5);
      if (leads) expect(Date.now() - told).toBeGreaterThan(950);
      rmSync(join(folder, "said"));
    }
  });

  it("has Patroni read its files again, twice, and ends at once with one that crashes", async () => {
    const { child, ended } = await run("yes");
    child.kill("SIGHUP");
    // A second time a little later.
    await says("HUP\nHUP");
    writeFileSync(join(folder, "crash"), "");
    const crashed = Date.now();
    expect(await ended).toBe(7);
    expect(Date.now() - crashed).toBeLessThan(900);
  });
});
