/** Where the record of a stack is kept: read, written through the CLI, or laid out for a try. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { root } from "../paths";
import { capturePulumi } from "../pulumiCli";
import { readProject } from "../stackCopy";
import { projectBackend, stackStateFile } from "../state";
import type { Deployment } from "./deployment";

/** A record as `pulumi stack export` writes it. Secrets in it are encrypted. */
export interface StackRecord {
  version: number;
  features?: string[];
  deployment: Deployment;
}

/** The record as the project's backend keeps it. */
interface Checkpoint extends Omit<StackRecord, "deployment"> {
  checkpoint?: { latest?: Deployment };
}

/**
 * The record of a stack; undefined when there is none yet.
 *
 * @throws when it cannot be read.
 */
export async function readRecord(stack: string): Promise<StackRecord | undefined> {
  if (projectBackend()) return readBackend(stack);
  const { code, stdout, stderr } = await capturePulumi(["stack", "export", "--stack", stack]);
  if (code !== 0)
    throw new Error(
      `Reading the state of stack "${stack}" failed (exit ${code}): ${stderr.trim()}`,
    );
  return JSON.parse(stdout) as StackRecord;
}

// The CLI takes a second for an export. Its own backend replaces the file as a whole.
function readBackend(stack: string): StackRecord | undefined {
  const file = stackStateFile(readProject(root).name, stack);
  if (file === undefined) return undefined;
  const raw = readFileSync(file);
  const text = file.endsWith(".gz") ? gunzipSync(raw).toString("utf8") : raw.toString("utf8");
  const { checkpoint, ...rest } = JSON.parse(text) as Checkpoint;
  const deployment = checkpoint?.latest;
  return deployment && { ...rest, deployment };
}

/**
 * Makes a record the stack's own, as a whole or not at all.
 *
 * @throws when the CLI refuses it; the old one is then as it was.
 */
export async function writeRecord(stack: string, record: StackRecord): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pgha-record-"));
  try {
    const file = join(folder, "record.json");
    writeFileSync(file, JSON.stringify(record), { mode: 0o600 });
    const args = ["stack", "import", "--stack", stack, "--file", file, "--non-interactive"];
    const { code, stdout, stderr } = await capturePulumi(args);
    if (code !== 0)
      throw new Error(
        `Writing the state of stack "${stack}" failed (exit ${code}), and it is as it was: ${(stderr || stdout).trim()}`,
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A backend of its own with one record, in which a command may look at what would be. */
export interface Scratch {
  /** Leads the CLI there. */
  readonly env: NodeJS.ProcessEnv;
  /** Takes it away again. */
  remove(): void;
}

/** Lays a record out where the CLI takes it for the stack's; only with the project's own backend. */
export function scratchOf(stack: string, record: StackRecord): Scratch {
  const { name } = readProject(root);
  const folder = mkdtempSync(join(tmpdir(), "pgha-scratch-"));
  const remove = (): void => {
    process.off("exit", remove);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", remove);
  const { deployment, ...rest } = record;
  const latest = { stack: `organization/${name}/${stack}`, latest: deployment };
  put(join(folder, ".pulumi", "meta.yaml"), "version: 1\n");
  put(
    join(folder, ".pulumi", "stacks", name, `${stack}.json`),
    JSON.stringify({ ...rest, checkpoint: latest }),
  );
  return { env: { PULUMI_BACKEND_URL: `file://${folder}` }, remove };
}

function put(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
}
