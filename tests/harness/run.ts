import { spawn, spawnSync } from "node:child_process";

/** What a program left. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run. */
export interface RunOptions {
  readonly stdin?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Milliseconds until it is killed; 60 s unless given. */
  readonly timeoutMs?: number;
}

/** Runs a program; never rejects for an exit code. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((done, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const limit = options.timeoutMs ?? 60_000;
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${command} ${args[0] ?? ""}: not ended within ${limit} ms`));
    }, limit);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => undefined); // a program may end before it has read all
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      done({ code: code ?? 255, stdout, stderr });
    });
    child.stdin.end(options.stdin ?? "");
  });
}

/** Runs a program that must end with 0, and gives what it printed. */
export async function ok(command: string, args: string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0)
    throw new Error(
      `${command} ${args.slice(0, 3).join(" ")} ended with ${code}: ${(stderr || stdout).trim()}`,
    );
  return stdout;
}

/** The same at once, for the end of the process; says what failed instead of throwing. */
export function now(command: string, args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0)
    process.stderr.write(`${command} ${args[0] ?? ""}: ${error?.message ?? stderr}\n`);
  return stdout ?? "";
}

/** Lines of a text that hold something. */
export function lines(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
