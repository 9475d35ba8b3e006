import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { arch, platform, tmpdir } from "node:os";
import { goBuild, goInputs, type GoProgram } from "./goBuild";
import { type Progress, reason } from "./progress";
import { place, readStamp, type Source, stampHolds, type Wanted, writeStamp } from "./stamp";
import type { Found, Step } from "./step";

/** A program of the tool chain: official where it can be had, else built from Go modules. */
export interface Tool {
  /** The name in lists. */
  title: string;
  /** How the official release is versioned. */
  version: string;
  /** The entry of the manifest to build from. */
  program: GoProgram;
  /** Where the file belongs. */
  target: string;
  /** GOOS and GOARCH when it is not for this machine. */
  platform?: NodeJS.ProcessEnv;
  /** Fetches the official release into a folder; undefined when its site is not reachable. */
  official?: (folder: string, progress: Progress) => Promise<string | undefined>;
  /** Throws unless the file runs and is the wanted version. */
  verify: (file: string) => Promise<void>;
}

function wantedOf(tool: Tool): Wanted {
  return { version: tool.version, inputs: goInputs(tool.program) };
}

/** Looks at a tool's stamp; without one, at whether the file in its place proves itself. */
export async function checkTool(tool: Tool): Promise<Found> {
  const { version, target, program } = tool;
  const wanted = wantedOf(tool);
  const stamp = readStamp(program.name);
  if (stampHolds(stamp, target, wanted)) return { present: true, version, from: stamp?.from ?? "" };
  if (!existsSync(target)) return { present: false, version, from: "not there" };
  if (stamp) {
    const why =
      stamp.version === version
        ? "changed since it was provided, or its sources were"
        : `version ${stamp.version} is there`;
    return { present: false, version, from: why };
  }
  try {
    await tool.verify(target);
    await writeStamp(program.name, target, "found in place", wanted);
    return { present: true, version, from: "found in place" };
  } catch (error) {
    return { present: false, version, from: `the file there does not do: ${reason(error)}` };
  }
}

/** Puts a tool in its place. */
export async function provideTool(tool: Tool, progress: Progress): Promise<void> {
  const make = async (folder: string): Promise<{ file: string; from: Source }> => {
    const official = await tryOfficial(tool, folder, progress);
    if (official) return { file: official, from: "official download" };
    return {
      file: await goBuild(tool.program, folder, progress, tool.platform),
      from: "built from Go modules",
    };
  };
  await place({
    name: tool.program.name,
    target: tool.target,
    wanted: wantedOf(tool),
    make,
    verify: tool.verify,
  });
}

async function tryOfficial(
  tool: Tool,
  folder: string,
  progress: Progress,
): Promise<string | undefined> {
  try {
    const file = await tool.official?.(folder, progress);
    if (file) await tool.verify(file);
    return file;
  } catch (error) {
    progress.note(`${reason(error)} Building ${tool.title} instead.`);
    return undefined;
  }
}

/** The step of a tool that is one file. */
export function toolStep(tool: Tool): Step {
  return {
    name: tool.title,
    check: () => checkTool(tool),
    provide: (progress) => provideTool(tool, progress),
  };
}

/** This machine in the words of Pulumi's releases: linux-x64, darwin-arm64. */
export function pulumiPlatform(): string {
  return `${platform()}-${arch()}`;
}

/**
 * Proves that a plugin runs: it listens and says its port. The address that it gets is nobody's;
 * plugins call back only when the engine has spoken to them.
 */
export function verifyPlugin(file: string): Promise<void> {
  return new Promise((done, reject) => {
    const child = spawn(file, ["127.0.0.1:1"], {
      cwd: tmpdir(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let problems = "";
    const end = (problem?: string): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      if (problem === undefined) done();
      else reject(new Error(`${file} does not serve as a plugin: ${problem}.`));
    };
    const timer = setTimeout(() => end("no port named within 20 s"), 20_000);
    child.stderr.setEncoding("utf8").on("data", (text: string) => (problems += text));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (/^\d+\r?\n/.test(output)) end();
    });
    child.once("error", (error) => end(error.message));
    child.once("close", (code) =>
      end(`it ended with ${code} saying "${problems.trim().slice(0, 300)}"`),
    );
  });
}
