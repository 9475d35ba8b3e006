/**
 * A program inside a container with this process's own stdin, stdout and stderr. By Docker's API
 * over the control path, so that ssh hosts keep their pinned key and no Docker CLI is needed.
 */
import type { Duplex, Writable } from "node:stream";
import type Docker from "dockerode";
import { place } from "../../control/docker";
import { ControlError } from "../../control/errors";
import { exitCodeOf, startExec } from "../../control/exec";
import { FrameDecoder } from "../../control/frames";
import type { ContainerAccess } from "../../model/access";
import { withDeadline } from "../deadline";

const START_MS = 15_000;

/** How the program is attached. */
export interface AttachOptions {
  /** A terminal of its own, in raw mode here: for a person who types. */
  readonly tty: boolean;
  /** Seconds until `timeout` ends it inside the container; unlimited for a person who types. */
  readonly timeoutSeconds?: number | undefined;
  /** Environment of the program; visible to who may inspect containers: no secrets. */
  readonly env?: readonly string[] | undefined;
  /** Passes this process's stdin on; else the program's stdin is empty. */
  readonly stdin: boolean;
  /** Where its stdout goes; this process's unless given. */
  readonly stdout?: Writable | undefined;
}

/** Runs the program to its end and returns its exit code. */
export async function attach(
  access: ContainerAccess,
  argv: readonly string[],
  options: AttachOptions,
): Promise<number> {
  const program = argv[0] ?? "";
  const limit = options.timeoutSeconds;
  const limited =
    limit === undefined ? argv : ["timeout", "--kill-after=5", String(limit), ...argv];
  const call = { doing: `start ${program}`, where: place(access), timeoutMs: START_MS };
  const starting = startExec(access, limited, call.doing, { tty: options.tty, env: options.env });
  const { process, stream } = await withDeadline(call, starting);
  await (options.tty ? joinTerminal(process, stream) : joinStreams(stream, options));
  const code = await exitCodeOf(access, program, process);
  if (code !== 124 || limit === undefined) return code;
  throw new ControlError({
    doing: `run ${program}`,
    where: place(access),
    found: `it had not ended after ${limit} s, and was ended`,
    remedy: "Give it more time with --timeout.",
  });
}

/** Two-way in raw mode: Ctrl-C and the like are the program's. */
async function joinTerminal(exec: Docker.Exec, stream: Duplex): Promise<void> {
  const { stdin, stdout } = process;
  const resize = (): void => {
    exec.resize({ h: stdout.rows, w: stdout.columns }).catch(() => undefined); // only looks suffer
  };
  stdin.setRawMode(true);
  stdout.on("resize", resize);
  resize();
  stdin.pipe(stream);
  stream.pipe(stdout, { end: false });
  try {
    await ended(stream);
  } finally {
    stdin.unpipe(stream).pause();
    stdin.setRawMode(false);
    stdout.off("resize", resize);
  }
}

async function joinStreams(stream: Duplex, options: AttachOptions): Promise<void> {
  const decoder = new FrameDecoder();
  const stdout = options.stdout ?? process.stdout;
  stream.on("data", (chunk: Buffer) =>
    decoder.push(chunk, (kind, data) => {
      const sink = kind === 2 ? process.stderr : stdout;
      if (sink.write(Buffer.from(data))) return;
      stream.pause();
      sink.once("drain", () => stream.resume());
    }),
  );
  if (options.stdin) process.stdin.pipe(stream);
  else stream.end();
  try {
    await ended(stream);
  } finally {
    if (options.stdin) process.stdin.unpipe(stream).pause();
  }
}

function ended(stream: Duplex): Promise<void> {
  return new Promise((done, failed) => {
    stream.once("end", done).once("close", done).once("error", failed);
  });
}
