import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { first } from "../harness/outputs";
import { Writers } from "../harness/writers";
import { renewImage, stackFile } from "./stack/checkout";
import { aside, healthy, members, outputs, targets, useCluster } from "./stack/cluster";
import { preview, previewClean, tryPreview, up } from "./stack/commands";
import { ALL_PARTS, hostEntries, hostsWith } from "./stack/config";
import { containersOf, docker, isRunning } from "./stack/hosts";
import { cluster, lab } from "./stack/identity";
import { MOST_STALL_MS } from "./stack/limits";
import { rollOfMembers } from "./stack/shapes";

useCluster();

const OUT = "pg3";
const NEAR = ["pg1", "pg2"];
const away = (more: object = {}) => hostsWith({ [OUT]: { state: "unreachable", ...more } });
const ofNear = async () => (await Promise.all(NEAR.map(containersOf))).flatMap((all) => [...all]);

describe("a host that is switched off and declared `unreachable`", () => {
  let writers: Writers;
  const near = () => targets("pooledPrimary").filter(({ host }) => host !== lab.host(OUT).address);

  beforeAll(async () => {
    writers = await Writers.start(near(), { clients: 4, table: aside() });
    const at = Date.now();
    await lab.powerOff(OUT);
    await writers.goesOn(at, 60);
    await members.leader();
    await up(away());
  }, 240_000);

  afterAll(async () => {
    await writers.stop();
    await lab.powerOn(OUT);
    await up({ hosts: hostEntries() });
    await healthy();
    await writers.clear();
  }, 400_000);

  /** What a preview says that must refuse; the stack file is then as it was. */
  async function refused(patch: Record<string, unknown>): Promise<string> {
    const before = stackFile.read();
    const { code, stdout, stderr } = await tryPreview(patch);
    stackFile.write(before);
    expect(code).not.toBe(0);
    return `${stdout}${stderr}`.replace(/\s+/g, " ");
  }

  it("has drift on the others shown and repaired, without being asked itself", async () => {
    const { host } = first(
      outputs().operations.members.filter((member) => member.host.name !== OUT),
    );
    const haproxy = { host, container: `${cluster}-${host.name}-haproxy-1` };
    await members.value("DROP ROLE reporting; SELECT 1");
    await docker(host.name, ["rm", "--force", haproxy.container]);
    const planned = (await preview()).map(({ name }) => name);
    expect(planned).toContain(haproxy.container);
    expect(planned).toContain(`${cluster}-sql-role-reporting`);
    expect(planned.filter((name) => name.includes(`-${OUT}`))).toEqual([]);
    await up();
    expect(await isRunning(haproxy)).toBe(true);
    expect(await members.value("SELECT count(*) FROM pg_roles WHERE rolname = 'reporting'")).toBe(
      "1",
    );
    const clean = await previewClean();
    expect(clean.code, clean.stdout).toBe(0);
  }, 240_000);

  it("refuses in a preview to go on with no quorum, or with no standby", async () => {
    const left = { runs: ALL_PARTS.filter((part) => part !== "consul") };
    const { hosts } = away(left);
    const shape = await refused({
      hosts: hosts.map((entry) =>
        entry.name === "pg2" ? { ...entry, runs: ["haproxy", "pgbouncer"] } : entry,
      ),
    });
    expect(shape).toMatch(/refused: .* would be removed and 1 of 3 Consul servers stay/);
    expect(shape).toMatch(/refused: .* only one would stay \(.*: out, on hosts that are/);
  }, 120_000);

  it("refuses in a preview to roll or to restart its members", async () => {
    // The first in the order is named; those after it are not looked at any more.
    const roll = await refused(rollOfMembers());
    expect(roll).toContain(`refused: cannot take ${cluster}-pg1-postgres-1 out`);
    const restart = await refused({ postgres: { parameters: { max_connections: 150 } } });
    expect(restart).toMatch(/refused: max_connections would have every member restart \(.*: out/);
  }, 120_000);

  it("has endpoints of the others replaced in turn, and no transaction fails", async () => {
    await writers.stop();
    expect(await writers.verify()).toEqual([]);
    await writers.clear();
    writers = await Writers.start(near(), { clients: 4, table: aside() });
    const before = new Map(await ofNear());
    renewImage("haproxy");
    const { stdout } = await up();
    for (const place of ["pg1-haproxy-1 (1 of 2)", "pg2-haproxy-1 (2 of 2)"])
      expect(stdout).toContain(`rolling: ${cluster}-${place}`);
    const now = await ofNear();
    const anew = now.filter(([name, id]) => before.get(name) !== id).map(([name]) => name);
    expect(anew.sort()).toEqual(NEAR.map((host) => `${cluster}-${host}-haproxy-1`));
    const figures = await writers.stop();
    console.log("a host out, HAProxies replaced:", figures);
    expect(figures).toMatchObject({ failed: 0, unknown: 0, moves: 0 });
    expect(figures.stallMs).toBeLessThan(MOST_STALL_MS);
    expect(await writers.verify()).toEqual([]);
  }, 240_000);

  it("refuses in a preview to roll its Consul servers", async () => {
    // It stays renewed: they are rolled when the host is back.
    renewImage("consul");
    const text = await refused({});
    expect(text).toContain(`refused: cannot replace ${cluster}-pg1-consul-1: 1 more`);
  }, 120_000);
});
