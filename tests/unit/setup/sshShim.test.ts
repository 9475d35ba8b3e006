import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const SHIM = join(__dirname, "../../../setup/bin/ssh");
const DIAL = "docker system dial-stdio";
/** ssh's own part: a connection is a file; a session lasts until the file `end` is there. */
const SSH = `#!/bin/sh
exec 8>&- 9>&- # as ssh does at its start
path=
for word in "$@"; do case $word in ControlPath=*) path=\${word#ControlPath=} ;; esac; done
case "$*" in
*"-O check"*) [ -e "$path" ]; exit ;;
*ControlMaster=auto*)
  if [ -e "$SILENT" ]; then echo "try" >> "$LOG"; sleep 0.5; echo "no answer" >&2; exit 255; fi
  echo "login $path" >> "$LOG"
  : > "$path"
  exit ;;
esac
echo "$path $*" >> "$LOG"
while [ ! -e "$END" ]; do sleep 0.05; done
`;

let folder: string;
let env: NodeJS.ProcessEnv;
const log = (): string[] =>
  existsSync(join(folder, "log"))
    ? readFileSync(join(folder, "log"), "utf8").trim().split("\n")
    : [];
const lane = (line: string): string => /pgha\/(\d)-%C/.exec(line)?.[1] ?? line;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pgha-shim-"));
  writeFileSync(join(folder, "ssh"), SSH, { mode: 0o755 });
  env = {
    PATH: `${folder}:${process.env.PATH ?? ""}`,
    XDG_RUNTIME_DIR: folder,
    LOG: join(folder, "log"),
    END: join(folder, "end"),
    SILENT: join(folder, "silent"),
  };
});
afterEach(() => {
  // Each is a group of its own: the shell and the ssh that it waits for.
  for (const { pid, exitCode } of children.splice(0))
    if (pid !== undefined && exitCode === null) process.kill(-pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const children: ChildProcess[] = [];
const request = (host = "pg1") => {
  const child = spawn(SHIM, ["-l", "deploy", "--", host, DIAL], { env, detached: true });
  children.push(child);
  return child;
};
const logged = async (count: number): Promise<string[]> => {
  while (log().length < count) await new Promise((done) => setTimeout(done, 20));
  return log();
};

describe("the plugin's requests to a host", () => {
  it("share one connection, eight at once, then the next, and wait when both are full", async () => {
    const running = Array.from({ length: 17 }, () => request());
    const lines = await logged(18);
    const sessions = lines.filter((line) => !line.startsWith("login"));
    expect(lines.filter((line) => line.startsWith("login")).map(lane)).toEqual(["0", "1"]);
    expect(sessions.map(lane).sort().join("")).toBe(`${"0".repeat(8)}${"1".repeat(8)}`);
    writeFileSync(join(folder, "end"), "");
    await Promise.all(running.map((child) => once(child, "exit")));
    expect(log()).toHaveLength(19);
  });

  it("keep to a connection of their own host, in a folder that nobody else enters", async () => {
    writeFileSync(join(folder, "end"), "");
    for (const host of ["pg1", "10.0.0.2", "::1", "a b"]) await once(request(host), "exit");
    expect(statSync(join(folder, "pgha")).mode & 0o777).toBe(0o700);
    const names = readdirSync(join(folder, "pgha")).map((name) => name.split(".")[0] ?? "");
    const places = names.filter((name) => /^\d+$/.test(name));
    expect(new Set(places).size).toBe(4);
    expect(log().at(-1)).toContain(`-- a b ${DIAL}`);
  });

  it("end together where the host is silent: one tries, all say what it was told", async () => {
    writeFileSync(join(folder, "silent"), "");
    const ended = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const child = request();
        let text = "";
        child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
        const [code] = (await once(child, "close")) as [number];
        return { code, text };
      }),
    );
    expect(ended).toEqual(Array(5).fill({ code: 255, text: "no answer\n" }));
    expect(log()).toEqual(["try"]);
  });

  it("leave anything else to ssh as it is", () => {
    const words = ["-o", "X=y z", "pg1", "docker", "system", "dial-stdio"];
    writeFileSync(join(folder, "end"), "");
    expect(spawnSync(SHIM, words, { env }).status).toBe(0);
    expect(log()).toEqual([words.join(" ")]);
  });
});
