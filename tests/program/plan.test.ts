import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Captured } from "../../setup/process";
import { capturePulumi } from "../../setup/pulumi";
import { Engine } from "./engine";

const STACK = "plan";
const PROJECT = join(__dirname, "plan");
const MEMBERS = ["m1", "m2", "m3"];

/** A resource of the little program in plan/. */
interface Wanted {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

let engine: Engine;
beforeAll(() => {
  engine = new Engine();
});
afterAll(() => {
  engine.close();
});

async function pulumi(args: string[], wanted: readonly Wanted[]): Promise<Captured> {
  process.env.PLAN_WANTED = JSON.stringify(wanted);
  return capturePulumi(["-C", PROJECT, ...args, "--stack", STACK]);
}

async function run(args: string[], wanted: readonly Wanted[]): Promise<string> {
  const done = await pulumi(args, wanted);
  if (done.code !== 0) throw new Error(`${args[0]}: ${done.stderr}${done.stdout}`);
  return done.stdout;
}

/** What stands under "Diagnostics" at a command's end. */
function diagnostics(printed: string): string[] {
  const [, block = ""] = /\nDiagnostics:\n([^]*?)\n\n/.exec(printed) ?? [];
  return block.split("\n").map((line) => line.trim());
}

const shape = (members: readonly string[], baseSuite = "trixie"): Wanted => ({
  type: "ClusterShape",
  name: "orders-shape",
  inputs: {
    cluster: "orders",
    consulServers: { c1: "c1:8300" },
    members,
    out: [],
    endpoints: [],
    users: [],
    postgresVersion: 17,
    baseSuite,
  },
});

/** What cannot be made without a cluster, in two states of it. */
function changing(at: "old" | "new"): Wanted[] {
  const host = { name: "pg1", docker: `unix://${engine.socket}` };
  const access = (name: string) => ({ host, container: name, name, address: name });
  const members = MEMBERS.map(access);
  const parameters = {
    max_connections: at === "old" ? 200 : 300,
    work_mem: at === "old" ? "4MB" : "5MB",
  };
  const file = { content: `# ${at}`, mode: "0600", uid: 5000, gid: 5000 };
  return [
    {
      type: "ConfigFiles",
      name: "orders-pg1-haproxy-1-files",
      inputs: {
        host,
        holder: "orders-pg1-files",
        directory: "/config/orders-pg1-haproxy-1",
        files: { "haproxy.cfg": file },
        reload: [{ container: "orders-pg1-haproxy-1", signal: "SIGUSR2" }],
      },
    },
    {
      type: "DynamicConfig",
      name: "orders-dynamic-config",
      inputs: { members, config: { ttl: 20, postgresql: { parameters } } },
    },
    ...members.map((member) => ({
      type: "Drain",
      name: `${member.name}-drain`,
      inputs: { member, members, trigger: at },
    })),
  ];
}

/** Records resources as if they had been made: none of them is reached for it. */
async function record(resources: readonly Wanted[]): Promise<void> {
  const state = JSON.parse(await run(["stack", "export"], [])) as {
    deployment: { resources: Record<string, unknown>[] };
  };
  const { resources: recorded } = state.deployment;
  const model = recorded.find(({ type }) => type === "pgha:index:ClusterShape");
  for (const { type, name, inputs } of resources) {
    const token = `pgha:index:${type}`;
    const urn = `urn:pulumi:${STACK}::plan::${token}::${name}`;
    recorded.push({ ...model, type: token, urn, id: name, inputs, outputs: inputs });
  }
  const file = join(process.env.PGHA_STATE ?? "", "recorded.json");
  writeFileSync(file, JSON.stringify(state));
  await run(["stack", "import", "--file", file], []);
}

it("preview and up say once what each change does to a running cluster", async () => {
  await run(["stack", "init", "--non-interactive"], []);
  const up = ["up", "--yes", "--skip-preview"];
  expect(diagnostics(await run(up, [shape(["m1"])])).join()).not.toMatch(/hot|rolling/);
  expect(diagnostics(await run(up, [shape(MEMBERS)]))).toEqual([
    "pulumi:pulumi:Stack (plan-plan):",
    "hot: member m2 is added, it copies the data and then streams",
    "hot: member m3 is added, it copies the data and then streams",
  ]);

  await record(changing("old"));
  const same = await run(["preview"], [shape(MEMBERS), ...changing("old")]);
  expect(same).toContain("unchanged");
  expect(diagnostics(same)).toEqual([""]);

  const roll =
    "PostgreSQL restarts one member at a time, replicas first, then the leader after its leadership moved";
  const seconds = "is replaced once the others stream, its leadership moved before if it leads";
  expect(diagnostics(await run(["preview"], [shape(MEMBERS), ...changing("new")]))).toEqual([
    "pulumi:pulumi:Stack (plan-plan):",
    "hot: orders-pg1-haproxy-1: files haproxy.cfg, reloaded by SIGUSR2, no connection is dropped",
    "hot: parameters work_mem, reloaded",
    `rolling: max_connections: ${roll}`,
    ...MEMBERS.map((name, index) => `rolling: ${name} (${index + 1} of 3) ${seconds}`),
  ]);

  const refused = await pulumi(["preview"], [shape(["m1"], "forky")]);
  expect(refused.code).not.toBe(0);
  expect(refused.stdout).toMatch(
    /refused: it cannot change from trixie to forky .*docs\/servers\.md/,
  );
  expect(refused.stdout).toContain("has a problem: refused: m2, m3 would be removed at once");
  expect([engine.connections, engine.sshes()]).toEqual([0, []]);
}, 180_000);
