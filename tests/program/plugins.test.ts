import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { capturePulumi } from "../../setup/pulumi";
import { Engine } from "./engine";

const STACK = "plugins";
const PROJECT = join(__dirname, "plugins");

let engine: Engine;
beforeAll(() => {
  engine = new Engine();
});
afterAll(() => {
  engine.close();
});

async function run(args: string[], env: Record<string, string> = {}): Promise<string> {
  Object.assign(process.env, env);
  const done = await capturePulumi(["-C", PROJECT, ...args, "--stack", STACK]);
  if (done.code !== 0) throw new Error(`${args[0]}: ${done.stderr}${done.stdout}`);
  return done.stdout;
}

async function outputs(): Promise<Record<string, unknown>> {
  const text = await run(["stack", "output", "--json", "--show-secrets"]);
  return JSON.parse(text) as Record<string, unknown>;
}

it("random and command keep the official rules, engine and state included", async () => {
  const mark = join(process.env.PGHA_STATE ?? "", "mark");
  await run(["stack", "init", "--non-interactive"]);
  const printed = await run(["up", "--yes", "--skip-preview"], { STEP_MARK: mark });
  const first = await outputs();
  const secret = String(first.result);
  expect(secret).toMatch(/^[A-Za-z0-9]{32}$/);
  expect(first).toMatchObject({ stdout: "created first", length: 32 });
  expect(printed).not.toContain(secret);
  expect(await run(["stack", "export"])).not.toContain(secret);

  // Nothing differs, read back or not.
  await run(["preview", "--expect-no-changes", "--refresh"]);

  // An input is an update in place, a trigger is a replacement, which runs the old delete.
  writeFileSync(mark, "");
  await run(["up", "--yes", "--skip-preview"], { STEP_INPUT: "second" });
  expect(await outputs()).toMatchObject({ result: secret, stdout: "updated second" });
  expect(existsSync(mark)).toBe(true);
  await run(["up", "--yes", "--skip-preview"], { STEP_TRIGGER: "two" });
  expect(await outputs()).toMatchObject({ result: secret, stdout: "created second" });
  expect(existsSync(mark)).toBe(false);

  await run(["destroy", "--yes", "--skip-preview"]);
}, 180_000);
