import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../setup/paths";
import { Engine, planned, type Preview } from "./engine";

/** A preview takes 5 s on a machine that does nothing else. */
const SECONDS = 180;
const PASSWORD = "a-password-of-my-own-0123456789";

const stackFile = (stack: string): string =>
  readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8");

let engine: Engine;
beforeAll(() => {
  engine = new Engine();
});
afterAll(() => {
  engine.close();
});

/** What holds for the preview of any stack that does not exist yet. */
function holdsForAll(of: () => Preview): void {
  it("ends well, with creations only", () => {
    expect(`${of().code} ${of().diagnostics}${of().stderr}`.trim()).toBe("0");
    expect(new Set(of().steps.map((step) => step.op))).toEqual(new Set(["create"]));
  });

  it("names no resource twice", () => {
    const urns = of().steps.map((step) => step.urn);
    expect(new Set(urns).size).toBe(urns.length);
  });

  it("shows no secret", () => {
    expect(of().stdout).not.toContain(PASSWORD);
    expect(of().stderr).not.toContain(PASSWORD);
    expect(of().stdout).not.toContain("PRIVATE KEY");
  });

  it("protects data volumes, passwords and the authority", () => {
    const kept = of().steps.filter(({ urn }) =>
      /Volume::.*-(postgres|consul|backup)-\d+-data$|:RandomPassword::|:CertificateAuthority::|:ClusterIdentity::/.test(
        urn,
      ),
    );
    expect(kept.length).toBeGreaterThan(12);
    for (const { urn, newState } of kept) expect([urn, newState?.protect]).toEqual([urn, true]);
  });
}

describe("the preview of dev", () => {
  let preview: Preview;

  beforeAll(async () => {
    const text = stackFile("dev").replace("/var/run/docker.sock", engine.socket);
    expect(text).toContain(engine.socket);
    await engine.createStack("dev");
    const file = engine.stackFile("dev", text);
    await engine.setSecret("dev", file, "postgres-ha:passwords.app", PASSWORD);
    preview = await engine.preview("dev", file);
  }, SECONDS * 1000);

  holdsForAll(() => preview);

  it("plans these resources", () => {
    expect(planned(preview)).toMatchInlineSnapshot(`
      {
        "docker:index/container:Container": 15,
        "docker:index/volume:Volume": 22,
        "pgha:index:BackupGate": 4,
        "pgha:index:Certificate": 11,
        "pgha:index:CertificateAuthority": 1,
        "pgha:index:ClusterIdentity": 1,
        "pgha:index:ClusterShape": 1,
        "pgha:index:ConfigFiles": 11,
        "pgha:index:ConsulAcl": 1,
        "pgha:index:ConsulNode": 4,
        "pgha:index:Database": 1,
        "pgha:index:Drain": 3,
        "pgha:index:DynamicConfig": 1,
        "pgha:index:EndpointGate": 3,
        "pgha:index:Image": 5,
        "pgha:index:MemberExit": 3,
        "pgha:index:Network": 1,
        "pgha:index:PoolLookup": 1,
        "pgha:index:PoolSettings": 2,
        "pgha:index:Preflight": 1,
        "pgha:index:Ready": 1,
        "pgha:index:Role": 5,
        "pgha:index:Roster": 1,
        "pgha:index:Stanza": 1,
        "pgha:index:VolumeClaim": 8,
        "pulumi:providers:docker": 1,
        "random:index/randomPassword:RandomPassword": 9,
      }
    `);
  });

  it("connects to no Docker", () => {
    expect(engine.connections).toBe(0);
  });
});

describe("the preview of prod", () => {
  let preview: Preview;

  beforeAll(async () => {
    await engine.createStack("prod");
    const file = engine.stackFile("prod", stackFile("prod"));
    await engine.setSecret("prod", file, "postgres-ha:passwords.reporting", PASSWORD);
    preview = await engine.preview("prod", file);
  }, SECONDS * 1000);

  holdsForAll(() => preview);

  it("plans these resources", () => {
    expect(planned(preview)).toMatchInlineSnapshot(`
      {
        "docker:index/container:Container": 25,
        "docker:index/volume:Volume": 32,
        "pgha:index:BackupGate": 4,
        "pgha:index:Certificate": 19,
        "pgha:index:CertificateAuthority": 1,
        "pgha:index:ClusterIdentity": 1,
        "pgha:index:ClusterShape": 1,
        "pgha:index:ConfigFiles": 19,
        "pgha:index:ConsulAcl": 1,
        "pgha:index:ConsulNode": 6,
        "pgha:index:Database": 1,
        "pgha:index:Drain": 3,
        "pgha:index:DynamicConfig": 1,
        "pgha:index:EndpointGate": 9,
        "pgha:index:Extension": 2,
        "pgha:index:Image": 15,
        "pgha:index:MemberExit": 3,
        "pgha:index:Network": 3,
        "pgha:index:PoolLookup": 1,
        "pgha:index:PoolSettings": 6,
        "pgha:index:Preflight": 1,
        "pgha:index:Ready": 1,
        "pgha:index:Role": 6,
        "pgha:index:Roster": 1,
        "pgha:index:Stanza": 1,
        "pgha:index:VolumeClaim": 10,
        "pulumi:providers:docker": 3,
        "random:index/randomPassword:RandomPassword": 10,
      }
    `);
  });

  it("starts no ssh", () => {
    expect(engine.sshes()).toEqual([]);
  });

  it("puts everything of a host on that host", () => {
    const containers = preview.steps.filter(
      ({ newState }) => newState?.type === "docker:index/container:Container",
    );
    for (const { urn, newState } of containers) {
      const name = urn.split("::").at(-1) ?? "";
      const { provider } = newState as { provider?: string };
      expect(provider).toContain(`::${name.split("-").slice(0, 2).join("-")}::`);
    }
  });
});
