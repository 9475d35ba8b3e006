/** Programs on a remote host itself, through the system `ssh`: for what its engine cannot tell. */
import { spawn } from "node:child_process";
import type { HostAccess } from "../model/access";
import { UnreachableError, excerpt } from "./errors";
import type { ExecResult } from "./exec";
import { quoteShell } from "./shell";
import { sshSession } from "./ssh";

/** Exit code by which ssh says that it is its own. */
const SSH_FAILED = 255;

/**
 * Runs a program on a host of an `ssh://` address and gives its output, whatever its exit code.
 * `argv` is visible in process lists: no secrets there. Throws UnreachableError where ssh itself
 * fails or there is no end within `timeoutMs` (10 s unless given).
 */
export async function sshExec(
  host: HostAccess,
  argv: readonly string[],
  timeoutMs = 10_000,
): Promise<ExecResult> {
  const session = await sshSession(host);
  const failure = (found: string): UnreachableError =>
    new UnreachableError({
      doing: `run ${argv[0] ?? ""} by ssh`,
      where: `host ${host.name}, ${host.docker}`,
      found,
      remedy: "Check that `ssh` to this address works without a question.",
    });
  try {
    return await run([...session.argv, argv.map(quoteShell).join(" ")], timeoutMs, failure);
  } finally {
    session.release();
  }
}

function run(
  sshArgv: readonly string[],
  timeoutMs: number,
  failure: (found: string) => Error,
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("ssh", sshArgv, { stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", (error) => reject(failure(error.message)));
    child.on("close", (code) => {
      if (code === null) reject(failure(`no end within ${timeoutMs / 1000} s`));
      else if (code !== SSH_FAILED) resolve({ exitCode: code, stdout, stderr });
      else reject(failure(excerpt(stderr) || `ssh ended with ${code}`));
    });
  });
}
