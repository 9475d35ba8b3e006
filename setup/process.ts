import { type ChildProcess, spawn } from "node:child_process";
import {
  accessSync,
  constants,
  createWriteStream,
  mkdirSync,
  readFileSync,
  statSync,
} from "node:fs";
import { constants as os } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** How to run a command. */
export interface RunOptions {
  /** Working directory; default the caller's. */
  cwd?: string;
  /** The whole environment; default the caller's. */
  env?: NodeJS.ProcessEnv;
  /** Time limit in milliseconds after which the command is killed; default none. */
  timeoutMs?: number;
}

/** What a captured command left. */
export interface Captured {
  /** Exit code; 128 + signal when a signal ended it; 127 when it could not be started. */
  code: number;
  stdout: string;
  stderr: string;
}

const running = new Set<ChildProcess>();

/** Ends what this process has started and not yet seen end; for a signal handler. */
export function endChildren(signal: NodeJS.Signals): void {
  for (const child of running) child.kill(signal);
}

function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal ? os.signals[signal] : 0);
}

function track(child: ChildProcess, timeoutMs?: number): void {
  running.add(child);
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  child.once("close", () => {
    running.delete(child);
    clearTimeout(timer);
  });
}

/** Runs a command and returns what it printed. Never rejects: a command that is not there is code 127. */
export function capture(
  command: string,
  args: string[],
  options: RunOptions = {},
): Promise<Captured> {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    track(child, options.timeoutMs);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", (error) => {
      running.delete(child);
      done({ code: 127, stdout, stderr: error.message });
    });
    child.once("close", (code, signal) => done({ code: exitCode(code, signal), stdout, stderr }));
  });
}

/**
 * Runs a long command with its output in a log file.
 *
 * @throws with the log's last lines and its path when the command fails.
 */
export async function logged(
  command: string,
  args: string[],
  log: string,
  options: RunOptions = {},
): Promise<void> {
  mkdirSync(dirname(log), { recursive: true });
  const sink = createWriteStream(log, { flags: "a" });
  sink.write(`\n--- ${new Date().toISOString()} ${command} ${args.join(" ")}\n`);
  const code = await new Promise<number>((done) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    track(child, options.timeoutMs);
    child.stdout.pipe(sink, { end: false });
    child.stderr.pipe(sink, { end: false });
    child.once("error", (error) => {
      running.delete(child);
      sink.write(`${error.message}\n`);
      done(127);
    });
    child.once("close", (ended, signal) => done(exitCode(ended, signal)));
  });
  await new Promise<void>((done) => sink.end(done));
  if (code === 0) return;
  const tail = readFileSync(log, "utf8")
    .trimEnd()
    .split("\n")
    .slice(-12)
    .map((line) => `    ${line}`)
    .join("\n");
  throw new Error(
    `"${command} ${args.slice(0, 3).join(" ")}" ended with ${code}. Its last lines (all of them in ${log}):\n${tail}`,
  );
}

/**
 * Runs a command on this terminal, passes signals on to it and returns its exit code.
 *
 * @param options `aside`: what it prints is no result of this process, and goes to standard error.
 */
export function attached(
  command: string,
  args: string[],
  options: RunOptions & { aside?: boolean } = {},
): Promise<number> {
  return new Promise((done, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ["inherit", options.aside ? 2 : "inherit", "inherit"],
    });
    // Ctrl-C reaches the child by the terminal; only what is sent to this process alone is passed on.
    const ignore = (): void => undefined;
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    const saved = process.listeners("SIGINT");
    process.removeAllListeners("SIGINT").on("SIGINT", process.stdin.isTTY ? ignore : pass);
    const term = process.listeners("SIGTERM");
    process.removeAllListeners("SIGTERM").on("SIGTERM", pass);
    process.on("SIGHUP", pass);
    const restore = (): void => {
      process.removeAllListeners("SIGINT").removeAllListeners("SIGTERM").off("SIGHUP", pass);
      for (const listener of saved) process.on("SIGINT", listener);
      for (const listener of term) process.on("SIGTERM", listener);
    };
    child.once("error", (error) => {
      restore();
      reject(
        new Error(
          `Starting ${command} failed: ${error.message}. Run "npm run setup -- --check" to see what is missing.`,
        ),
      );
    });
    child.once("close", (code, signal) => {
      restore();
      done(exitCode(code, signal));
    });
  });
}

/** The full path of a command on PATH, or undefined. */
export function onPath(command: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, command))
    .find(executable);
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there or not runnable: both are the answer "no".
    return false;
  }
}
