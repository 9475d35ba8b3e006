import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lookAtData, permitBootstrap } from "../../control/memberData";
import { dataDirectory, PG_ROOT } from "../../model/paths";
import type { MemberData } from "../../model/resources";
import { first } from "../harness/outputs";
import { ok, type Ran, run } from "../harness/run";
import { outputs } from "./harness/context";
import { inside, inspect } from "./harness/docker";
import { cluster, hostName } from "./harness/identity";
import { leader, status } from "./harness/members";

const volume = `${cluster}-founding-data`;
let data: MemberData;

beforeAll(async () => {
  const { container } = first(outputs().operations.members);
  const major = Number(await inside(container, ["printenv", "PG_MAJOR"]));
  data = {
    host: { name: hostName, docker: "unix:///var/run/docker.sock" },
    container: `${cluster}-founding`,
    volume,
    dataDirectory: dataDirectory(major),
    image: await inspect(container, "{{.Config.Image}}"),
  };
  await ok("docker", ["volume", "create", volume]);
});
afterAll(async () => {
  await ok("docker", ["volume", "rm", volume]);
});

/** Runs a program of the members' image on the volume, as a member would. */
function onVolume(argv: string[]): Promise<Ran> {
  const mount = `${volume}:${PG_ROOT}`;
  return run("docker", ["run", "--rm", "--network", "none", "-v", mount, data.image, ...argv]);
}

describe("a data volume", () => {
  it("takes a new cluster only with a permit, and gives its identifier afterwards", async () => {
    expect(await lookAtData(data)).toMatchObject({ kind: "none" });
    const initdb = ["initdb-once", "--no-sync", data.dataDirectory];
    const refused = await onVolume(initdb);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("--delete-data")]);

    await permitBootstrap(data);
    expect(await lookAtData(data)).toEqual({ kind: "permit" });
    const made = await onVolume(initdb);
    expect(made.code, made.stderr).toBe(0);
    expect(await lookAtData(data)).toEqual({ kind: "permit" });

    await onVolume(["rm", `${PG_ROOT}/.may-bootstrap`]);
    const { stdout } = await onVolume(["pg_controldata", data.dataDirectory]);
    const identifier = /system identifier: +(\d+)/.exec(stdout)?.[1];
    expect(await lookAtData(data)).toEqual({ kind: "data", identifier });
  }, 120_000);

  it("of a member that has run has no permit, and the cluster's identifier", async () => {
    const { database_system_identifier: identifier } = await status(await leader());
    for (const member of outputs().operations.members) {
      const seen = await lookAtData({ ...data, container: member.container, volume: "none" });
      expect([member.name, seen]).toEqual([member.name, { kind: "data", identifier }]);
    }
  });
});
