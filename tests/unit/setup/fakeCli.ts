/** The wrapper of the CLI with a stand-in for it, which records its calls; a state folder of its own. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, type MockInstance, vi } from "vitest";
import { type Deployment, nameOf } from "../../../setup/record/deployment";
import { good, type Raw } from "../config/good";

/** A call of the CLI, as the stand-in for it saw it. */
export interface Call {
  args: string[];
  takeDown?: string;
  away?: string;
  backend?: string;
  /** The record that it was led to, when that is not the stack's own, or was to import. */
  record?: { deployment?: Deployment; checkpoint?: { latest?: Deployment } };
}

const STACK = "prod";
const CLI = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync } = require("node:fs");
const args = process.argv.slice(2);
const backend = process.env.PULUMI_BACKEND_URL;
const scratch = backend.slice(7) + "/.pulumi/stacks/postgres-ha/${STACK}.json";
const file = args[1] === "import" ? args[args.indexOf("--file") + 1] : scratch;
const record = existsSync(file) ? JSON.parse(readFileSync(file)) : undefined;
const call = { args, takeDown: process.env.PGHA_TAKE_DOWN, away: process.env.PGHA_AWAY, backend, record };
appendFileSync(process.env.CALLS, JSON.stringify(call) + "\\n");
if (args[0] === process.env.FAILS) {
  console.log("Previewing\\nDiagnostics:\\n  members: refused");
  process.exit(255);
}
`;

export let folder: string;
let stderr: MockInstance<typeof process.stderr.write>;

/** To be called by a file of tests. */
export function useFakeCli(): void {
  beforeEach(start);
  afterEach(stop);
}

function start(): void {
  folder = mkdtempSync(join(tmpdir(), "pgha-changes-"));
  for (const name of ["PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_HOME", "PGHA_TAKE_DOWN"])
    vi.stubEnv(name, undefined);
  vi.stubEnv("PGHA_STATE", join(folder, "state"));
  vi.stubEnv("PGHA_TOOLS", join(folder, "tools"));
  vi.stubEnv("CALLS", join(folder, "calls"));
  put(join(folder, "tools", "bin", "pulumi"), CLI);
  chmodSync(join(folder, "tools", "bin", "pulumi"), 0o755);
  put(join(folder, "calls"), "");
  put(join(folder, "state", "passphrase"), "of the tests");
  stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
}

function stop(): void {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
}

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A stack file whose hosts are changed as told; gives the flags that name it. */
export function stackFile(change: (hosts: Raw[]) => void): string[] {
  const config = good();
  const hosts = config["hosts"] as Raw[];
  change(hosts);
  const file = join(folder, "stack.yaml");
  const keys = Object.entries(config).map(([key, value]) => [`postgres-ha:${key}`, value]);
  put(file, JSON.stringify({ config: Object.fromEntries(keys) as object }));
  return ["--stack", STACK, "--config-file", file];
}

export function state(deployment: Deployment): void {
  const checkpoint = { stack: `organization/postgres-ha/${STACK}`, latest: deployment };
  const text = JSON.stringify({ version: 3, checkpoint });
  put(join(folder, "state", "backend", ".pulumi", "stacks", "postgres-ha", `${STACK}.json`), text);
}

/** Another command holds the stack's lock. */
export function atWork(): void {
  const locks = "state/backend/.pulumi/locks/organization/postgres-ha";
  const text = JSON.stringify({ pid: 1, hostname: "elsewhere" });
  put(join(folder, locks, STACK, "1.json"), text);
}

export const calls = (): Call[] =>
  readFileSync(join(folder, "calls"), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Call);
export const said = (): string => stderr.mock.calls.map(([text]) => String(text)).join("");
export const namesIn = (deployment: Deployment | undefined): string[] =>
  (deployment?.resources ?? []).map(nameOf);
