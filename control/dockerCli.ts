/** The docker command line, for what the engine's API leaves to it: builds and registry logins. */
import { spawn } from "node:child_process";
import { describe } from "./errors";

const KEPT = 4000;

/**
 * Runs `docker ARGV` at an engine, and gives the end of its output. Each whole line is shown to
 * `line` as it comes. Throws with the last of what it said.
 */
export function dockerCli(
  dockerHost: string,
  argv: readonly string[],
  line: (text: string) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("docker", argv, {
      env: { ...process.env, DOCKER_HOST: dockerHost },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let tail = "";
    const take = (): ((chunk: Buffer) => void) => {
      let rest = "";
      return (chunk) => {
        tail = `${tail}${chunk.toString()}`.slice(-KEPT);
        const lines = `${rest}${chunk.toString()}`.split("\n");
        rest = lines.pop() ?? "";
        for (const text of lines) line(text.trim());
      };
    };
    child.stdout.on("data", take());
    child.stderr.on("data", take());
    child.on("error", (error) => {
      reject(new Error(`${describe(error)}; is the docker command line installed?`));
    });
    child.on("close", (code, signal) => {
      if (code === 0) resolve(tail);
      else reject(new Error(`docker ended with ${code ?? signal}: ${tail.trim()}`));
    });
  });
}
