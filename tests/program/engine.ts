import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import type { Captured } from "../../setup/process";
import { capturePulumi } from "../../setup/pulumi";

/** One planned step of a preview. */
interface Step {
  readonly op: string;
  readonly urn: string;
  readonly newState?: {
    readonly type: string;
    readonly protect?: boolean;
    readonly inputs?: Record<string, unknown>;
  };
}

/** What `pulumi preview --json` gives. */
export interface Preview extends Captured {
  readonly steps: readonly Step[];
  readonly diagnostics: string;
}

/** The real engine with a state of its own, and everything that would show a connection. */
export class Engine {
  /** Stands for the Docker socket of a host: counts who comes, answers nobody. */
  public readonly socket: string;
  public connections = 0;

  private readonly folder = mkdtempSync(join(tmpdir(), "pgha-program-"));
  private readonly sshCalls: string;
  private readonly server: Server;
  private readonly before = { ...process.env };

  constructor() {
    for (const name of Object.keys(process.env)) {
      if (/^(PULUMI_|DOCKER_|PGHA_STATE)/.test(name)) Reflect.deleteProperty(process.env, name);
    }
    process.env.PGHA_STATE = join(this.folder, "state");
    this.socket = join(this.folder, "docker.sock");
    this.server = createServer((connection) => {
      this.connections += 1;
      connection.destroy();
    }).listen(this.socket);
    this.sshCalls = join(this.folder, "ssh-calls");
    writeFileSync(this.sshCalls, "");
    this.shadowSsh();
  }

  /** Makes a stack. */
  async createStack(stack: string): Promise<void> {
    const made = await capturePulumi(["stack", "init", "--stack", stack, "--non-interactive"]);
    if (made.code !== 0) throw new Error(`stack init: ${made.stderr}${made.stdout}`);
  }

  /** Writes a stack file of a stack's own; returns its path. */
  stackFile(stack: string, text: string): string {
    const file = join(this.folder, `Pulumi.${stack}.yaml`);
    writeFileSync(file, `${this.salt(stack)}\n${text}`);
    return file;
  }

  /** Previews without a refresh: offline. */
  async preview(stack: string, file: string): Promise<Preview> {
    const flags = ["--refresh=false", "--json", "--non-interactive", "--config-file", file];
    const captured = await capturePulumi(["preview", "--stack", stack, ...flags]);
    // With `--json` the CLI prints one document; nothing at all where it cannot even begin.
    const told = (captured.stdout === "" ? {} : JSON.parse(captured.stdout)) as {
      steps?: Step[];
      diagnostics?: { message: string }[];
    };
    const diagnostics = (told.diagnostics ?? []).map((one) => one.message).join("\n");
    return { ...captured, steps: told.steps ?? [], diagnostics };
  }

  /** Sets a secret in a stack file. */
  async setSecret(stack: string, file: string, path: string, value: string): Promise<void> {
    const flags = ["--secret", "--path", "--config-file", file, "--stack", stack];
    const done = await capturePulumi(["config", "set", path, value, ...flags]);
    if (done.code !== 0) throw new Error(`config set: ${done.stderr}`);
  }

  /** Arguments of every ssh that was started. */
  sshes(): string[] {
    return readFileSync(this.sshCalls, "utf8").split("\n").filter(Boolean);
  }

  /** Takes everything away again. */
  close(): void {
    this.server.close();
    process.env = this.before;
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The salt that `stack init` wrote into the generated copy: secrets are encrypted with it. */
  private salt(stack: string): string {
    const copy = join(this.folder, "state", "stacks", "postgres-ha", `Pulumi.${stack}.yaml`);
    const { encryptionsalt } = parse(readFileSync(copy, "utf8")) as { encryptionsalt: string };
    return `encryptionsalt: ${encryptionsalt}`;
  }

  private shadowSsh(): void {
    const folder = join(this.folder, "bin");
    mkdirSync(folder);
    const ssh = join(folder, "ssh");
    writeFileSync(ssh, `#!/bin/sh\necho "$@" >> '${this.sshCalls}'\nexit 255\n`);
    chmodSync(ssh, 0o755);
    process.env.PATH = [folder, process.env.PATH ?? ""].join(delimiter);
  }
}

/** How many of each type a preview plans to make, components left out. */
export function planned(preview: Preview): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { newState } of preview.steps) {
    const type = newState?.type ?? "";
    if (type === "pulumi:pulumi:Stack" || type.startsWith("pgha:components:")) continue;
    counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}
