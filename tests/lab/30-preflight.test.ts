import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LongRun } from "../harness/longRun";
import { entering } from "./harness/host";
import { INSIDE } from "./harness/network";
import { useCluster } from "./stack/cluster";
import { previewClean, tryUp, up } from "./stack/commands";
import { baseConfig, CHOSEN_DISK, hostEntries } from "./stack/config";
import { stackFile } from "./stack/checkout";
import { allContainers, on } from "./stack/hosts";
import { cluster, lab } from "./stack/identity";
import { atLeast, entryOf, upWithout } from "./stack/shapes";

useCluster();

/** Ports that nothing of the cluster has. */
const TAKEN = 5770;
const CLOSED = 5870;
const CLOSED_UDP = 5970;
/** An agent of a new host holds no data, and may be made before the folder on its disk is refused. */
const MAY_BE_NEW = new RegExp(`^${cluster}-pg4-agent-`);
/** MiB that no machine has. */
const MUCH = 4 * 1024 * 1024;
const undo: (() => Promise<unknown>)[] = [];

/** A process of a host, no container, that listens on a port. */
async function squat(host: string, port: number): Promise<void> {
  const listens = `() => console.log("listens", process.pid)`;
  const program = `require("net").createServer().listen(${port}, "0.0.0.0", ${listens})`;
  const argv = [...entering(lab.host(host)), process.execPath, "-e", program];
  const squatter = new LongRun("nsenter", argv, { cwd: "/", env: process.env });
  const pid = (await squatter.line(/^listens \d+$/)).replace(/\D+/, "");
  undo.push(async () => {
    await on(host, ["kill", "-KILL", pid]);
    await squatter.ended;
  });
}

/** Drops what comes by cable for a port of a host, as a firewall that knows nothing of it does. */
async function close(host: string, port: number, protocol: "tcp" | "udp" = "tcp"): Promise<void> {
  const from = ["PREROUTING", "-i", INSIDE];
  const rule = [...from, "-p", protocol, "--dport", String(port), "-j", "DROP"];
  const iptables = (verb: string) =>
    on(host, ["iptables", "-w", "10", "-t", "mangle", verb, ...rule]);
  await iptables("-I");
  undo.push(() => iptables("-D"));
}

beforeAll(() => atLeast(4), 120_000);
// What is on its disk is of a cluster that knows it no more.
afterAll(() => lab.replace("pg4"), 120_000);
afterEach(async () => {
  stackFile.write(baseConfig());
  for (const end of undo.splice(0)) await end();
});

/** What an `up` says that must refuse, with every container as it was. */
async function refused(patch: Parameters<typeof tryUp>[0]): Promise<string> {
  const before = await allContainers();
  const { code, stdout, stderr } = await tryUp(patch);
  expect(code).not.toBe(0);
  const after = Object.entries(await allContainers());
  expect(Object.fromEntries(after.filter(([name]) => !MAY_BE_NEW.test(name)))).toEqual(before);
  return `${stdout}${stderr}`;
}

describe("before the first change", () => {
  it("all that is wrong with all hosts is one list", async () => {
    await squat("pg2", TAKEN);
    await squat("pg3", TAKEN + 1);
    const text = await refused({
      ports: { haproxyPrimary: TAKEN, haproxyReplicas: TAKEN + 1 },
      resources: { memoryMiB: { postgres: MUCH } },
    });
    const list = text.slice(text.indexOf("problems in the way:"));
    expect(list).toMatch(/pg2: port 5770\/tcp \(HAProxy.*\) is taken by a process of the host/);
    expect(list).toMatch(/pg3: port 5771\/tcp \(HAProxy.*\) is taken by a process of the host/);
    for (const host of ["pg1", "pg2", "pg3"])
      expect(list).toMatch(new RegExp(`${host}: .*memory`, "i"));
    expect(list).toContain("No container of the cluster was changed.");
  }, 180_000);

  it("a port that a host's firewall drops is named, from each host that needs it", async () => {
    await close("pg3", CLOSED);
    await close("pg3", CLOSED_UDP, "udp");
    const text = await refused({ ports: { patroni: CLOSED, agentGossip: CLOSED_UDP } });
    for (const from of ["pg1", "pg2"])
      for (const port of [`${CLOSED}/tcp`, `${CLOSED_UDP}/udp`])
        expect(text).toMatch(new RegExp(`${from} -> pg3: .*${port} \\(.*no answer`));
    expect(text).not.toContain(`${CLOSED_UDP}/tcp`);
    expect(text).not.toMatch(/-> (pg[12]|itself):/);
    expect(text).toContain("ops -- firewall");
  }, 300_000);

  it("a chosen disk that everybody may write to, or that holds another's data, is left as it is", async () => {
    const host = "pg4";
    const data = `${CHOSEN_DISK.path}/${cluster}-${host}-postgres-1-data`;
    const more = {
      hosts: [...hostEntries(), entryOf(host, ["postgres"], { dataPath: CHOSEN_DISK.path })],
    };
    await on(host, ["install", "-d", "-m", "0757", CHOSEN_DISK.path]);
    expect(await refused(more)).toMatch(/pg4: everybody may write to dataPath/);

    await on(host, ["chmod", "o-w", CHOSEN_DISK.path]);
    const files = 'mkdir "$1" && echo precious >"$1/file" && echo another-cluster >"$1.owner"';
    await on(host, ["sh", "-c", files, "sh", data]);
    const text = await refused(more);
    expect(text).toContain(data);
    expect(text).toContain(host);
    expect(await on(host, ["cat", `${data}/file`, `${data}.owner`])).toBe(
      "precious\nanother-cluster\n",
    );

    // With another cluster's data out of the way it goes on; and back.
    await on(host, ["mv", data, `${data}.owner`, "/srv"]);
    await up(more);
    expect(await on(host, ["cat", `${data}.owner`])).not.toContain("another");
    await upWithout({ hosts: hostEntries() });
    expect(await on(host, ["ls", "-A", data])).not.toBe("");
  }, 600_000);

  it("and nothing of it stays", async () => {
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
  }, 120_000);
});
