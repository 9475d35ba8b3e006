import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, tools } from "./paths";
import { capture, logged, onPath } from "./process";
import type { Progress } from "./progress";
import { hashTree } from "./stamp";
import { atLeast, versions } from "./versions";

/** One program that can be built from Go modules, as setup/go/manifest.json lists it. */
export interface GoProgram {
  name: string;
  version: string;
  /** Folder under setup/go with the go.mod and the committed go.sum. */
  dir: string;
  package: string;
  ldflags: string;
  output: string;
  kind: "bin" | "plugin";
  /** Folder under plugins/ of the Pulumi home, for a plugin. */
  pluginDir?: string;
}

const folder = join(root, "setup", "go");
let manifest: GoProgram[] | undefined;

/** The entry of setup/go/manifest.json with this name. */
export function goProgram(name: string): GoProgram {
  const file = join(folder, "manifest.json");
  manifest ??= JSON.parse(readFileSync(file, "utf8")) as GoProgram[];
  const entry = manifest.find((program) => program.name === name);
  if (!entry)
    throw new Error(
      `${file} lists no program "${name}", which the set-up builds. The clone is not whole: run "git status" there.`,
    );
  return entry;
}

/** Where a program's sources are. */
function goFolder(program: GoProgram): string {
  return join(folder, program.dir);
}

/** Hash of all that a build is made from: another hash means building again. */
export function goInputs(program: GoProgram): string {
  return createHash("sha256")
    .update(JSON.stringify(program))
    .update(hashTree(goFolder(program)))
    .digest("hex");
}

/** The version of Go on PATH, or undefined when there is none that is new enough. */
export async function usableGo(): Promise<string | undefined> {
  const found = await goVersion();
  return found !== undefined && atLeast(found, versions.go.minimum) ? found : undefined;
}

async function goVersion(): Promise<string | undefined> {
  if (!onPath("go")) return undefined;
  // "local": else an older Go would fetch a newer one by itself, from a site that may not answer.
  const { code, stdout } = await capture("go", ["env", "GOVERSION"], {
    env: { ...process.env, GOTOOLCHAIN: "local" },
  });
  return code === 0 ? stdout.trim().replace(/^go/, "") : undefined;
}

/** The environment of every Go command here: the committed go.mod and go.sum, as they are. */
export function goEnv(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    GOFLAGS: "-mod=readonly",
    CGO_ENABLED: "0",
  };
}

/**
 * Builds a program into a folder.
 *
 * @param platform GOOS and GOARCH when they are not this machine's.
 * @returns the path of the built file.
 */
export async function goBuild(
  program: GoProgram,
  into: string,
  progress: Progress,
  platform: NodeJS.ProcessEnv = {},
): Promise<string> {
  const go = await usableGo();
  if (!go) {
    const found = await goVersion();
    throw new Error(
      `${program.name} ${program.version} cannot be provided: its official download is not reachable from here, and building it needs Go ${versions.go.minimum} or newer on PATH (found: ${found ?? "none"}). ` +
        "Open the way to the download site, or install Go from https://go.dev/dl (the one in Debian and Ubuntu is usually too old), and run the command again.",
    );
  }
  const file = join(into, program.output);
  const args = ["build", "-trimpath", "-ldflags", program.ldflags, "-o", file, program.package];
  await progress.during(`building ${program.name} ${program.version} from Go modules`, () =>
    logged("go", args, tools("logs", `${program.name}.log`), {
      cwd: goFolder(program),
      env: { ...goEnv(), ...platform },
    }),
  );
  return file;
}
