import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ok } from "../harness/run";
import { logins } from "./harness/logins";
import { stackFile } from "./stack/checkout";
import { healthy, members, outputs, useCluster } from "./stack/cluster";
import { previewClean, pulumi, tryOps, tryPreview, tryUp, up } from "./stack/commands";
import { baseConfig, hostEntries, hostsWith, settle } from "./stack/config";
import { allContainers } from "./stack/hosts";
import { lab, work } from "./stack/identity";

useCluster();

/** Fingerprint of a public key, as ssh prints it. */
async function fingerprint(key: string): Promise<string> {
  const text = await ok("ssh-keygen", ["-lf", "-"], { stdin: `${key}\n` });
  return /SHA256:\S+/.exec(text)?.[0] ?? text;
}

describe("by way of a jump host", () => {
  const person = join(userInfo().homedir, ".ssh");
  const had = existsSync(person);

  /** A person's ~/.ssh, in which pg1 and pg3 are reached through pg2 and no other way. */
  function sshFolder(): string {
    const folder = work("jump-ssh");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const [one, jump, three] = lab.hosts;
    const config = [
      `Host ${one?.address} ${three?.address}`,
      `  ProxyJump deploy@${jump?.address}`,
      "",
    ];
    writeFileSync(`${folder}/config`, config.join("\n"), { mode: 0o600 });
    writeFileSync(`${folder}/known_hosts`, `${jump?.address} ${jump?.hostKey}\n`, { mode: 0o600 });
    return folder;
  }

  /**
   * ssh looks for its files in the home directory of the password database, whatever HOME says: the
   * folder is mounted there for the command alone.
   */
  const asHome = (folder: string): string[] => {
    const script = 'mkdir -p "$1" && mount --bind "$2" "$1" && shift 2 && exec "$@"';
    return ["unshare", "--mount", "bash", "-c", script, "bash", person, folder];
  };

  it("`up` and a preview reach every host through it", async () => {
    const sockets = work("jump-run");
    mkdirSync(sockets, { recursive: true, mode: 0o700 });
    const options = { through: asHome(sshFolder()), env: { XDG_RUNTIME_DIR: sockets } };
    const [one, jump, three] = lab.places();
    const from = (host: typeof one) => (host ? logins(host) : []);
    const before = [one, three].map((host) => from(host).length);
    await up({ postgres: { parameters: { work_mem: "5MB" } } }, options);
    for (const member of outputs().operations.members)
      expect(await members.value("SHOW work_mem", "postgres", member)).toBe("5MB");
    const preview = await tryPreview({}, options);
    expect(preview.code, preview.stderr).toBe(0);
    for (const verb of [["status"], ["psql", "--", "-c", "SELECT 1"]])
      expect((await tryOps(verb, options)).code, verb[0]).toBe(0);
    for (const [index, host] of [one, three].entries()) {
      const since = from(host).slice(before[index]);
      expect(since.length).toBeGreaterThan(0);
      // Its sshd has seen the jump host alone.
      expect(new Set(since)).toEqual(new Set([jump?.address]));
    }
  }, 300_000);

  afterAll(async () => {
    if (!had) rmdirSync(person); // where the folder was mounted
    settle({ postgres: { parameters: { work_mem: "5MB" } } });
    await healthy();
  }, 300_000);
});

describe("a host that shows another key than the config has", () => {
  let wrong = "";

  afterAll(async () => {
    stackFile.write(baseConfig());
    await healthy();
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
  }, 300_000);

  it("is refused with its name and both keys, before anything is touched", async () => {
    const file = work("other-key");
    await ok("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
    wrong = readFileSync(`${file}.pub`, "utf8").trim();
    const shown = hostEntries().find(({ name }) => name === "pg2")?.hostKey;
    const prints = [await fingerprint(String(shown)), await fingerprint(wrong)];
    expect(prints[0]).not.toBe(prints[1]);
    const before = await allContainers();
    // A change on all hosts comes with it: on none it may be made.
    const patch = {
      ...hostsWith({ pg2: { hostKey: wrong } }),
      postgres: { parameters: { work_mem: "7MB" } },
    };
    for (const run of [tryPreview, tryUp]) {
      const { code, stdout, stderr } = await run(patch);
      const text = `${stdout}${stderr}`;
      expect(code, text).not.toBe(0);
      expect(text).toContain("host pg2");
      for (const print of prints) expect(text).toContain(print);
    }
    expect(await allContainers()).toEqual(before);
    for (const member of outputs().operations.members)
      expect(await members.value("SHOW work_mem", "postgres", member)).not.toBe("7MB");
  }, 300_000);
});

describe("64 resources at once", () => {
  it("stay below what sshd takes by default, in logins that have not ended and in sessions", async () => {
    const sockets = work("many-run");
    mkdirSync(sockets, { recursive: true, mode: 0o700 });
    // Nobody is logged in yet: all of them want to at the same time.
    const env = { XDG_RUNTIME_DIR: sockets };
    const before = lab.places().map((host) => logins(host).length);
    const args = ["preview", "--refresh", "--parallel", "64", "--expect-no-changes"];
    await pulumi(args, { env });
    const since = lab.places().map((host, index) => logins(host).length - (before[index] ?? 0));
    console.log("logins of a preview with --parallel 64, by host:", since);
    for (const host of lab.places())
      expect(readFileSync(host.log, "utf8")).not.toMatch(
        /MaxStartups|drop connection|no more sessions/,
      );
    // The provider's, the plugin's two, and one that met a session that was just ending.
    expect(Math.max(...since)).toBeLessThanOrEqual(4);
  }, 120_000);
});
