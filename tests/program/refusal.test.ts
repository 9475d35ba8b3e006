import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine, planned, type Preview } from "./engine";

const SECRET = "hunter2-hunter2-hunter2";

/** Five things are wrong here, each of another kind. */
const BAD = `config:
  postgres-ha:cluster: Orders
  postgres-ha:hosts:
    - name: local
      docker: unix:///var/run/docker.sock
      runs: { consul: 2, postgres: 2, haproxy: 1 }
  postgres-ha:postgres:
    version: 12
    databases:
      - { name: app, owner: nobody }
  postgres-ha:failover: { profile: quick }
`;

/** Nothing wrong: each case adds its mistake. */
const GOOD = `config:
  postgres-ha:cluster: dev
  postgres-ha:hosts:
    - name: local
      docker: unix:///var/run/docker.sock
      runs: { consul: 1, postgres: 1, haproxy: 1 }
  postgres-ha:failover: { synchronous: "off" }
`;

const UNKNOWN = `${GOOD}  postgres-ha:nonsense: 1
`;

const MISPLACED = `${GOOD}  postgres-ha:postgres:
    users: [{ name: app, password: ${SECRET} }]
`;

const IN_THE_CLEAR = `${GOOD}  postgres-ha:postgres:
    users: [{ name: app }]
  postgres-ha:passwords: { app: ${SECRET} }
`;

const STACK = "wrong";

let engine: Engine;
beforeAll(async () => {
  engine = new Engine();
  await engine.createStack(STACK);
});
afterAll(() => {
  engine.close();
});

async function refused(text: string): Promise<Preview> {
  const preview = await engine.preview(STACK, engine.stackFile(STACK, text));
  expect(preview.code).not.toBe(0);
  expect(planned(preview)).toEqual({});
  expect(preview.steps.filter(({ urn }) => !urn.includes("::pulumi:pulumi:Stack::"))).toEqual([]);
  return preview;
}

describe("a stack file that is wrong", { timeout: 120_000 }, () => {
  it("is refused with all five problems at once, and nothing is planned", async () => {
    const { diagnostics } = await refused(BAD);
    expect(diagnostics).toContain("Stack config: 5 problems.");
    for (const path of [
      'cluster: "Orders" must be',
      'hosts: "2 consul" must include an odd number',
      "postgres.version: 12 must be",
      'postgres.databases[0].owner: "nobody" must be a user',
      'failover.profile: "quick" must be one of',
    ]) {
      expect(diagnostics).toContain(path);
    }
    // A mistake of the person, not of the program: no stack trace.
    expect(diagnostics).not.toMatch(/\n\s+at .*\.ts:\d+/);
  });

  it("is refused for a key that is not known", async () => {
    const { diagnostics } = await refused(UNKNOWN);
    expect(diagnostics).toContain("nonsense");
    expect(diagnostics).toContain("Stack config: 1 problem.");
  });

  it("is refused for a password outside the secret key, which is not shown", async () => {
    const { diagnostics, stderr } = await refused(MISPLACED);
    expect(diagnostics).toContain("postgres.users[0].password: (hidden)");
    expect(diagnostics + stderr).not.toContain(SECRET);
  });

  it("is refused for passwords that are not encrypted, which are not shown", async () => {
    const { diagnostics, stderr } = await refused(IN_THE_CLEAR);
    expect(diagnostics).toMatch(/passwords.*secret/);
    expect(diagnostics + stderr).not.toContain(SECRET);
  });
});
