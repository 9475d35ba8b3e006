import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
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
    ["on_role_change", "primary", true, ["wake-peers", "archive-missed received orders"]],
    ["on_role_change", "replica", true, []],
    ["on_start", "replica", false, ["archive-missed own orders"]],
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
    expect(lines.map((line) => line.trim())).toEqual(did);
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

describe("archive-missed", () => {
  const A = "000000010000000000000008";
  const B = "000000010000000000000009";
  const C = "000000020000000100000000";
  const HISTORY = "00000002.history";
  /** The archive has these; it pushes what it is given, but for one that is there with other content. */
  const PGBACKREST = `#!/bin/sh
case "$*" in
*"repo-ls archive/orders") printf '16-1\n17-10\n17-2\narchive.info\n' ;;
*"repo-ls archive/orders/17-10") printf '0000000100000000\n' ;;
*"repo-ls archive/orders/17-10/0000000100000000") printf '${A}-aa.zst\n' ;;
*"archive-push "*/${B}) exit 45 ;;
*"archive-push "*) echo "$*" >> "$WORK/pushed" ;;
*) exit 55 ;;
esac
`;
  const wal = (): string => join(folder, "wal");
  const status = (): string[] => readdirSync(join(wal(), "archive_status")).sort();

  beforeEach(() => {
    mkdirSync(join(wal(), "archive_status"), { recursive: true });
    writeFileSync(join(folder, "pgbackrest.conf"), "");
    writeFileSync(join(folder, "pgbackrest"), PGBACKREST, { mode: 0o755 });
    writeFileSync(join(folder, "psql"), `#!/bin/sh\necho ${A}\n`, { mode: 0o755 });
  });
  const put = (suffix: string, ...names: string[]): void =>
    names.forEach((name) => {
      writeFileSync(join(wal(), name), "");
      writeFileSync(join(wal(), "archive_status", `${name}.${suffix}`), "");
    });
  const run = (what: string) =>
    start("archive-missed", { PGBACKREST_CONFIG: join(folder, "pgbackrest.conf"), PGHA_WAL: wal() }, what, "orders");

  it("has a new leader archive what it received and the archive lacks", async () => {
    put("done", A, B, C, HISTORY);
    writeFileSync(join(wal(), "archive_status", "00000001000000000000000A.done"), ""); // without its file
    put("done", `${B}.00000028.backup`, `${B}.partial`);
    const { ended, output } = run("received");
    expect(await ended).toBe(0);
    expect(status().filter((name) => name.endsWith(".ready"))).toEqual(
      [`${B}.ready`, `${C}.ready`, `${HISTORY}.ready`].sort(),
    );
    expect(status()).toContain(`${A}.done`);
    expect(output().trim().split("\n")).toHaveLength(3);
  });

  it("has a new leader archive segments of earlier timelines that it had not closed yet", async () => {
    for (const name of [A, B, C]) writeFileSync(join(wal(), name), "");
    writeFileSync(join(folder, "psql"), `#!/bin/sh\necho ${C}\n`, { mode: 0o755 });
    expect(await run("received").ended).toBe(0);
    // C is what is written now. To archive A a second time is no error.
    expect(status()).toEqual([`${A}.ready`, `${B}.ready`]);
  });

  it("has everything archived again where the archive cannot be asked: the same file twice is no error", async () => {
    put("done", A, B);
    writeFileSync(join(folder, "pgbackrest"), "#!/bin/sh\nexit 55\n");
    expect(await run("received").ended).toBe(0);
    expect(status()).toEqual([`${A}.ready`, `${B}.ready`]);
  });

  it("has a replica archive what it had not when it last led; what is refused stays", async () => {
    put("ready", A, B, HISTORY);
    expect(await run("own").ended).toBe(0);
    expect(status()).toEqual([`${A}.done`, `${B}.ready`, `${HISTORY}.done`].sort());
    expect(written("pushed")).toContain(join(wal(), A));
  });

  it("does nothing where there is no repository", async () => {
    rmSync(join(folder, "pgbackrest.conf"));
    put("done", B);
    expect(await run("received").ended).toBe(0);
    expect(status()).toEqual([`${B}.done`]);
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
