import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OWNER_LABEL } from "../../model/labels";
import { volumeClaim } from "../../provider/types/volumeClaim";
import { ok } from "../harness/run";
import { cluster, hostName } from "./harness/identity";

const host = { name: hostName, docker: "unix:///var/run/docker.sock" };
const name = (kind: string): string => `${cluster}-claim-${kind}`;
const claim = (volume: string) =>
  volumeClaim.create({ host, cluster, volume, owner: "owner-of-this-stack" });

const LABELS = { bare: [], ours: ["owner-of-this-stack"], foreign: ["somebody-else"] };

beforeAll(async () => {
  for (const [kind, owners] of Object.entries(LABELS)) {
    const labels = owners.flatMap((owner) => ["--label", `${OWNER_LABEL}=${owner}`]);
    await ok("docker", ["volume", "create", ...labels, name(kind)]);
  }
});
afterAll(async () => {
  await ok("docker", ["volume", "rm", ...Object.keys(LABELS).map(name)]);
});

describe("a data volume", () => {
  it("is claimed when it is not there, or there with this stack's mark", async () => {
    await expect(claim(name("absent"))).resolves.toMatchObject({ id: name("absent") });
    await expect(claim(name("ours"))).resolves.toMatchObject({ id: name("ours") });
  });

  it("is refused when it is there without that mark: it may be somebody's data", async () => {
    await expect(claim(name("bare"))).rejects.toThrow(/not made by this stack.*PGHA_TAKE_OVER/s);
    await expect(claim(name("foreign"))).rejects.toThrow(/belongs to another stack/);
  });

  it("is taken over when a person names the cluster", async () => {
    process.env.PGHA_TAKE_OVER = cluster;
    try {
      await expect(claim(name("foreign"))).resolves.toMatchObject({ id: name("foreign") });
    } finally {
      delete process.env.PGHA_TAKE_OVER;
    }
  });
});
