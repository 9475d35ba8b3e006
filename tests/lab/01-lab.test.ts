import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { root } from "../../setup/paths";
import { run as execute } from "../harness/run";
import { parentOf, traces, withDescendants } from "./harness/census";
import { Lab } from "./harness/lab";
import { netnsFile, removeNetwork } from "./harness/network";
import { hostOf, placeOf } from "./harness/place";
import { firstProcess, inNamespace, killAll, listeners } from "./harness/processes";
import { loadImage, run } from "./harness/images";

/** A lab of this file's own: the one that a person works with is left alone. */
const label = "lab-test";
const lab = new Lab(placeOf(root, label));
const other = new Lab(placeOf(root, `${label}-2`));

const engineId = async (name: string): Promise<string> =>
  (await lab.ssh(name, ["docker", "info", "--format", "{{.ID}}"])).stdout.trim();
const reaches = async (from: string, to: string): Promise<boolean> => {
  const script = 'exec 3<>"/dev/tcp/$1/22"';
  const argv = ["timeout", "2", "bash", "-c", script, "bash", lab.host(to).address];
  return (await lab.inside(from, argv)).code === 0;
};

const bothDown = async (): Promise<void> => {
  await other.down();
  await lab.down();
};
beforeAll(bothDown);
afterAll(bothDown);

describe("a lab", () => {
  it("brings up three hosts, which deploy enters by ssh, not as root, to an engine each", async () => {
    const begun = Date.now();
    await lab.up(3);
    console.log("up of 3 hosts:", Date.now() - begun, "ms");
    expect(lab.hosts.map(({ name }) => name)).toEqual(["pg1", "pg2", "pg3"]);
    const ids = new Set<string>();
    for (const { name, address, docker, hostKey } of lab.hosts) {
      const { stdout } = await lab.ssh(name, ["id"]);
      expect(stdout).toMatch(/^uid=(?!0\()\d+\(deploy\)/);
      expect(stdout).toContain("(docker)");
      expect((await lab.ssh(name, ["hostname"])).stdout.trim()).toBe(name);
      expect((await lab.ssh(name, ["cat", "/etc/shadow"])).code).not.toBe(0);
      expect(docker).toBe(`ssh://deploy@${address}`);
      expect(hostKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]+$/);
      ids.add(await engineId(name));
    }
    expect(ids.size).toBe(3);
    expect(new Set(lab.hosts.map(({ hostKey }) => hostKey)).size).toBe(3);
    expect(lab.stackHosts()[0]).toMatchObject({ name: "pg1", runs: expect.any(Array) as unknown });
  });

  it("passes words to a host as they are", async () => {
    const words = ["it's", "$HOME", "a  b", "`id`", ";", '"', "\\\\", "", "line\nbreak"];
    const { stdout } = await lab.ssh("pg1", ["printf", "<%s>", ...words]);
    expect(stdout).toBe(words.map((word) => `<${word}>`).join(""));
  });

  it("is seen by its traces while it is up", async () => {
    const found = await traces(lab.place);
    for (const kind of ["device", "namespace", "rule", "socket", "process", "file"])
      expect(found.some((line) => line.startsWith(`${kind}: `))).toBe(true);
  });

  it("keeps users and keys of its hosts out of the machine", async () => {
    const { stdout } = await lab.inside("pg1", ["sh", "-c", "touch /tmp/x /srv/x; echo $?"]);
    expect(stdout.trim()).toBe("0");
    expect((await lab.ssh("pg2", ["ls", "/tmp/x", "/srv/x"])).code).not.toBe(0);
  });

  it("leaves running hosts alone when brought up again, and starts those that are off", async () => {
    const before = lab.places().map(({ netns }) => firstProcess(netns));
    await lab.powerOff("pg2");
    await lab.up();
    const after = lab.places().map(({ netns }) => firstProcess(netns));
    expect([after[0], after[2]]).toEqual([before[0], before[2]]);
    expect(after[1]).not.toBe(before[1]);
    await expect(lab.up(2)).rejects.toThrow(/it has 3/);
  });

  it("cuts a host off from everybody, and heals it", async () => {
    expect(await reaches("pg1", "pg2")).toBe(true);
    await lab.cut("pg2");
    expect(await reaches("pg1", "pg2")).toBe(false);
    expect((await lab.ssh("pg2", ["true"])).code).not.toBe(0);
    await lab.up();
    expect((await lab.status()).map(({ cable }) => cable)).toEqual([
      ...["plugged", "pulled", "plugged"],
    ]);
    await lab.heal("pg2");
    expect(await reaches("pg1", "pg2")).toBe(true);
  });

  it("keeps disk, key and engine through a power cut, and loses what is running", async () => {
    await loadImage(lab, "pg1");
    await run(lab, "pg1", "survivor", ["--restart", "always"]);
    const first = firstProcess(lab.host("pg1").netns) ?? 0;
    const all = withDescendants(first);
    expect(all.length).toBeGreaterThan(5);
    const [key, id] = [lab.hosts[0]?.hostKey, await engineId("pg1")];
    await lab.powerOff("pg1");
    expect(all.filter((pid) => parentOf(pid) !== undefined)).toEqual([]);
    expect(inNamespace(lab.host("pg1").netns)).toEqual([]);
    expect((await lab.status())[0]?.power).toBe("off");
    await lab.powerOn("pg1");
    expect([lab.hosts[0]?.hostKey, await engineId("pg1")]).toEqual([key, id]);
    const { stdout } = await lab.ssh("pg1", ["docker", "ps", "--format", "{{.Names}}"]);
    expect(stdout.trim()).toBe("survivor");
  });

  it("restarts an engine, reboots a host", async () => {
    await lab.restartEngine("pg1");
    await lab.reboot("pg1");
    const format = ["--format", "{{.State.Running}}"];
    const { stdout } = await lab.ssh("pg1", ["docker", "inspect", ...format, "survivor"]);
    expect(stdout.trim()).toBe("true");
  });

  it("replaces a host by an empty one of another key and engine", async () => {
    const [key, id] = [lab.hosts[0]?.hostKey, await engineId("pg1")];
    await lab.replace("pg1");
    expect(lab.hosts[0]?.hostKey).not.toBe(key);
    expect(await engineId("pg1")).not.toBe(id);
    expect((await lab.ssh("pg1", ["docker", "ps", "-aq"])).stdout).toBe("");
    expect((await lab.inside("pg1", ["ls", "/srv"])).stdout).toBe("");
  });

  it("shares no name with the lab of another checkout or state directory", () => {
    const names = (place = placeOf()): string[] => {
      const { netns, veth, folder, cgroup } = hostOf(place, "198.18.9", 1);
      const { hash, prefix, comment } = place;
      return [hash, prefix, comment, place.folder, place.cgroup, netns, veth, folder, cgroup];
    };
    const others = names(placeOf("/elsewhere/checkout"));
    expect(names().filter((name) => others.includes(name))).toEqual([]);
    expect(placeOf("/elsewhere/checkout")).toEqual(placeOf("/elsewhere/checkout"));
    for (const place of [placeOf(), placeOf("/elsewhere/checkout")]) {
      const longest = hostOf(place, "198.18.9", 30);
      expect(longest.veth.length).toBeLessThanOrEqual(15);
    }
  });

  it("does all of it by its command, beside another lab that is up", async () => {
    const script = join(root, "setup", "run.mjs");
    const env = { ...process.env, PGHA_LAB: `${label}-2` };
    const said = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await execute(process.execPath, [script, "lab", ...args], {
        ...{ env, timeoutMs: 120_000 },
      });
      expect(code, `lab ${args.join(" ")}: ${stderr}`).toBe(0);
      return stdout;
    };
    const ids = await Promise.all(lab.hosts.map(({ name }) => engineId(name)));
    expect(await said("up", "--hosts", "1")).toMatch(/^pg1 +198\.18\.\S+ +on +plugged +\d/m);
    expect(await said("exec", "pg1", "hostname")).toBe("pg1\n");
    await said("cut", "pg1");
    expect(await said("status")).toMatch(/^pg1 .* on +pulled/m);
    await said("heal", "pg1");
    await said("power-off", "pg1");
    expect(await said("status")).toMatch(/^pg1 .* off /m);
    await said("power-on", "pg1");
    const [before] = other.hosts;
    await said("replace", "pg1");
    expect(other.hosts[0]?.hostKey).not.toBe(before?.hostKey);
    expect(await said("status")).toMatch(/^pg1 .* on +plugged +\d/m);
    await said("down");
    expect(await said("status")).toBe("The lab is down.\n");
    expect(await traces(other.place)).toEqual([]);
    expect(await Promise.all(lab.hosts.map(({ name }) => engineId(name)))).toEqual(ids);
  }, 240_000);

  it("comes back after a reboot of the machine, with its disks", async () => {
    const keys = lab.hosts.map(({ hostKey }) => hostKey);
    const hosts = lab.places();
    await killAll("the lab", () => hosts.flatMap(({ netns }) => inNamespace(netns)));
    await killAll("the agent", () => listeners(lab.environment().SSH_AUTH_SOCK));
    await removeNetwork(lab.place);
    // What is left where /run is on a disk.
    mkdirSync("/run/netns", { recursive: true });
    for (const { netns } of hosts) writeFileSync(netnsFile(netns), "");
    await lab.up();
    expect(lab.hosts.map(({ hostKey }) => hostKey)).toEqual(keys);
    expect((await lab.status()).every(({ engine }) => /^\d/.test(engine))).toBe(true);
  });

  it("leaves nothing when it is taken down, twice", async () => {
    const all = lab.places().flatMap(({ netns }) => withDescendants(firstProcess(netns) ?? 0));
    await lab.down();
    expect(await traces(lab.place)).toEqual([]);
    expect(all.filter((pid) => parentOf(pid) !== undefined)).toEqual([]);
    await lab.down();
    expect(lab.hosts).toEqual([]);
  });

  it.each([50, 200, 400, 600, 800, 1000, 1300])(
    "leaves nothing when up was killed after %i ms and it is taken down",
    async (afterMs) => {
      const script = join(root, "setup", "run.mjs");
      const env = { ...process.env, PGHA_LAB: label };
      const child = spawn(process.execPath, [script, "lab", "up"], { env, stdio: "ignore" });
      const ended = once(child, "exit"); // before the wait: it may be done by then
      await pause(300 + afterMs); // a moment is what is tested
      child.kill(afterMs % 400 === 0 ? "SIGINT" : "SIGKILL");
      await ended;
      await lab.down();
      expect(await traces(lab.place)).toEqual([]);
    },
  );
});
