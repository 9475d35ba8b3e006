/** The compose side: the same containers by a compose file, then the handwork, then the condition. */
import { chownSync, chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { awaitCondition } from "../control/readiness";
import { capture, onPath } from "../setup/process";
import { composeFile, configFiles } from "./composeFile";
import { grantTokens, makeStanza, writeSql } from "./handwork";
import { CLUSTER } from "./place";
import type { Declared } from "./state";

/** The compose program of this machine: the plugin of the docker command, else docker-compose. */
export async function findCompose(): Promise<{ argv: string[]; version: string }> {
  for (const argv of [["docker", "compose"], ["docker-compose"]]) {
    const [command = "", ...words] = argv;
    if (!onPath(command)) continue;
    const { code, stdout } = await capture(command, [...words, "version", "--short"]);
    if (code === 0) return { argv, version: `${argv.join(" ")} ${stdout.trim()}` };
  }
  throw new Error(
    "The bench compares with docker compose, and there is none: install it (Debian: apt-get install docker-compose), then run it again.",
  );
}

/** A cluster by compose in a folder. */
export class ComposeRun {
  private readonly file: string;

  constructor(
    private readonly argv: readonly string[],
    private readonly declared: Declared,
    folder: string,
  ) {
    this.file = join(folder, "compose.yaml");
    const configRoot = join(folder, "config");
    for (const { path, content, mode, uid, gid } of configFiles(declared, configRoot)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      chmodSync(path, Number.parseInt(mode, 8));
      chownSync(path, uid, gid);
    }
    writeFileSync(this.file, stringify(composeFile(declared, configRoot)), { mode: 0o600 });
  }

  /** From nothing to the condition of `up`. */
  async up(): Promise<void> {
    await this.compose(["up", "-d"]);
    await grantTokens(this.declared);
    await writeSql(this.declared);
    await makeStanza(this.declared);
    await awaitCondition(this.declared.ready);
  }

  /** A second `up`: compose compares its file with the engine. */
  async again(): Promise<void> {
    await this.compose(["up", "-d"]);
  }

  /** Removes all of it. */
  async down(): Promise<void> {
    await this.compose(["down", "--volumes", "--timeout", "10"]);
  }

  private async compose(args: readonly string[]): Promise<void> {
    const [command = "", ...words] = this.argv;
    const all = [...words, "--project-name", CLUSTER, "--file", this.file, ...args];
    const { code, stderr } = await capture(command, all);
    if (code !== 0)
      throw new Error(
        `"${this.argv.join(" ")} ${args[0] ?? ""}" ended with ${code}:\n${stderr.trim().split("\n").slice(-30).join("\n")}`,
      );
  }
}
