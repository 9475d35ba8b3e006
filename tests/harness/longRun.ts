import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, createWriteStream, mkdirSync, type WriteStream } from "node:fs";
import { dirname } from "node:path";
import type { Ran } from "./run";

/** How a long command ended. */
export interface Ended extends Ran {
  /** Seconds that it took. */
  readonly seconds: number;
  /** Milliseconds of the longest time in which it printed nothing. */
  readonly silenceMs: number;
}

/** How a long command is run. */
export interface LongOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** File that gets all of its output; none when absent. */
  readonly log?: string | undefined;
  /** What the log calls it; the command with its arguments unless given. */
  readonly title?: string;
  /** Milliseconds until it is interrupted; 300 s unless given. */
  readonly timeoutMs?: number | undefined;
  /** Called for each line that it prints. */
  readonly onLine?: ((line: string) => void) | undefined;
}

interface Waiting {
  readonly pattern: RegExp;
  readonly done: (line: string) => void;
  readonly failed: (error: Error) => void;
}

/** A command that runs for a while: its output is kept, logged, and can be waited for by line. */
export class LongRun {
  readonly child: ChildProcess;
  /** Settles at its end, whatever its exit code; rejects when it had to be interrupted. */
  readonly ended: Promise<Ended>;

  private readonly title: string;
  private readonly text = { stdout: "", stderr: "" };
  private readonly lines: string[] = [];
  private readonly waiting = new Set<Waiting>();
  private rest = "";
  private late = false;
  private heard = Date.now();
  private silenceMs = 0;

  constructor(
    command: string,
    args: readonly string[],
    private readonly options: LongOptions,
  ) {
    this.title = options.title ?? [command, ...args].join(" ");
    const sink = this.openLog();
    const { cwd, env } = options;
    this.child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const name of ["stdout", "stderr"] as const)
      this.child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
        this.hear();
        this.text[name] += chunk;
        sink?.write(chunk);
        this.take(chunk);
      });
    this.ended = this.watch(sink);
    this.ended.catch(() => undefined); // told to whoever awaits it
  }

  /** The first line, printed already or yet to come, that matches. */
  line(pattern: RegExp): Promise<string> {
    const seen = this.lines.find((line) => pattern.test(line));
    if (seen !== undefined) return Promise.resolve(seen);
    return new Promise((done, failed) => this.waiting.add({ pattern, done, failed }));
  }

  /** The last lines of all that it has printed. */
  tail(count = 60): string {
    const { stdout, stderr } = this.text;
    return `${stdout}\n${stderr}`.trimEnd().split("\n").slice(-count).join("\n");
  }

  private openLog(): WriteStream | undefined {
    const { log } = this.options;
    if (log === undefined) return undefined;
    mkdirSync(dirname(log), { recursive: true });
    appendFileSync(log, `\n$ ${this.title}\n`);
    return createWriteStream(log, { flags: "a" });
  }

  private hear(): void {
    const now = Date.now();
    this.silenceMs = Math.max(this.silenceMs, now - this.heard);
    this.heard = now;
  }

  private take(chunk: string): void {
    const parts = (this.rest + chunk).split("\n");
    this.rest = parts.pop() ?? "";
    for (const line of parts) {
      this.lines.push(line);
      this.options.onLine?.(line);
      for (const one of this.waiting)
        if (one.pattern.test(line)) {
          this.waiting.delete(one);
          one.done(line);
        }
    }
  }

  private async watch(sink: WriteStream | undefined): Promise<Ended> {
    const started = Date.now();
    const limit = this.options.timeoutMs ?? 300_000;
    const timer = setTimeout(() => {
      this.late = true;
      this.child.kill("SIGINT");
    }, limit);
    const code = await new Promise<number>((done, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (ended) => done(ended ?? 255));
    })
      .catch((error: unknown) => {
        for (const { failed } of this.waiting) failed(new Error(`${this.title}: ${String(error)}`));
        throw error;
      })
      .finally(() => clearTimeout(timer));
    if (sink) await new Promise<void>((done) => sink.end(done));
    for (const { pattern, failed } of this.waiting)
      failed(new Error(`${this.title} ended with ${code} before ${pattern}:\n${this.tail()}`));
    if (this.late)
      throw new Error(`${this.title} did not end within ${limit / 1000} s\n${this.tail()}`);
    this.hear();
    const { text, silenceMs } = this;
    return { ...text, code, seconds: (Date.now() - started) / 1000, silenceMs };
  }
}

/** The last lines of what a command printed, for messages. */
export function tailOf({ stdout, stderr }: Ran, count = 60): string {
  return `${stdout}\n${stderr}`.trimEnd().split("\n").slice(-count).join("\n");
}
