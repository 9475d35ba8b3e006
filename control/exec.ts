/** Programs inside containers, by Docker's exec API with stdin included. */
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import type { ContainerAccess } from "../model/access";
import { dockerClient, dockerFailure, place } from "./docker";
import { UnreachableError, excerpt } from "./errors";
import { FrameDecoder } from "./frames";
import { NotYet, until } from "./until";

/** How a program is run. */
export interface ExecOptions {
  /** Bytes for its stdin; the only place for secrets. */
  readonly stdin?: string | Buffer | undefined;
  /** User inside the container, its default unless given. */
  readonly user?: string | undefined;
  /** Milliseconds until it is ended, 60 s unless given. */
  readonly timeoutMs?: number | undefined;
}

/** What a program answered. */
export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const GRACE_MS = 5000;

/**
 * Runs a program and gives its output. `argv` is visible in process lists: no secrets there.
 * `timeout` of coreutils holds the limit inside the container, so that nothing outlives a lost
 * connection.
 */
export async function exec(
  access: ContainerAccess,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const limited = ["timeout", "--kill-after=2", String(Math.ceil(timeoutMs / 1000)), ...argv];
  const program = argv[0] ?? "";
  const { user } = options;
  const { process, stream } = await startExec(access, limited, `run ${program}`, { user });
  const output = await collect(access, program, stream, options.stdin, timeoutMs + GRACE_MS);
  const exitCode = await exitCodeOf(access, program, process);
  if (exitCode === 124) {
    throw failure(
      access,
      program,
      `no end within ${timeoutMs / 1000} s. ${excerpt(output.stderr)}`,
    );
  }
  return { exitCode, ...output };
}

/** Runs a program that must end with 0, and gives its stdout. */
export async function execChecked(
  access: ContainerAccess,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<string> {
  const result = await exec(access, argv, options);
  if (result.exitCode !== 0) {
    const said = excerpt(result.stderr) || excerpt(result.stdout) || "no output";
    throw failure(access, argv[0] ?? "", `exit code ${result.exitCode}: ${said}`);
  }
  return result.stdout;
}

/**
 * Sends a signal to the first process of a container. Not by the engine's own call, which takes any
 * signal for a stop for good: the container would not start again with its host.
 */
export async function signalContainer(access: ContainerAccess, signal: string): Promise<void> {
  await execChecked(access, ["sh", "-c", 'kill -s "$1" 1', "sh", signal.replace(/^SIG/, "")]);
}

/** Starts a program and leaves it alone. */
export async function execDetached(
  access: ContainerAccess,
  argv: readonly string[],
): Promise<void> {
  try {
    const container = dockerClient(access.host).getContainer(access.container);
    const process = await container.exec({ Cmd: [...argv] });
    await process.start({ Detach: true });
  } catch (error) {
    throw dockerFailure(`start ${argv[0] ?? ""}`, access, error);
  }
}

/** Starts a program with stdin and gives the raw, framed stream: for `dial`. */
export async function execStream(
  access: ContainerAccess,
  argv: readonly string[],
): Promise<Duplex> {
  return (await startExec(access, argv, `run ${argv[0] ?? ""}`)).stream;
}

/** A program that runs, with its stdin, stdout and stderr. */
interface Started {
  readonly process: Docker.Exec;
  /** Framed (`FrameDecoder`), unless it has a terminal. */
  readonly stream: Duplex;
}

/** Starts a program; `doing` is for errors. Unless given: the container's user, no terminal. */
export async function startExec(
  access: ContainerAccess,
  argv: readonly string[],
  doing: string,
  options: {
    readonly user?: string | undefined;
    readonly tty?: boolean | undefined;
    /** Visible to who may inspect containers: no secrets. */
    readonly env?: readonly string[] | undefined;
  } = {},
): Promise<Started> {
  const { user, env, tty = false } = options;
  try {
    const process = await dockerClient(access.host)
      .getContainer(access.container)
      .exec({
        Cmd: [...argv],
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Tty: tty,
        ...(user === undefined ? {} : { User: user }),
        ...(env === undefined ? {} : { Env: [...env] }),
      });
    return { process, stream: await process.start({ hijack: true, stdin: true, Tty: tty }) };
  } catch (error) {
    throw dockerFailure(doing, access, error);
  }
}

function collect(
  access: ContainerAccess,
  program: string,
  stream: Duplex,
  stdin: string | Buffer | undefined,
  timeoutMs: number,
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const decoder = new FrameDecoder();
    const timer = setTimeout(() => {
      stream.destroy();
      reject(
        failure(access, program, `the engine did not end the call within ${timeoutMs / 1000} s`),
      );
    }, timeoutMs);
    const finish = (): void => {
      clearTimeout(timer);
      stream.destroy();
      resolve({ stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    };
    stream.on("data", (chunk: Buffer) =>
      decoder.push(chunk, (kind, data) => (kind === 2 ? err : out).push(Buffer.from(data))),
    );
    stream.on("end", finish);
    stream.on("close", finish);
    stream.on("error", (error) => {
      clearTimeout(timer);
      reject(dockerFailure(`run ${program}`, access, error));
    });
    stream.end(stdin ?? "");
  });
}

/** Exit code of a program whose stream has ended. */
export async function exitCodeOf(
  access: ContainerAccess,
  program: string,
  process: Docker.Exec,
): Promise<number> {
  return until(
    `end of ${program} in ${place(access)}`,
    { timeoutMs: GRACE_MS, intervalMs: 20 },
    async () => {
      const seen = await process.inspect().catch((error: unknown) => {
        throw dockerFailure(`read the exit code of ${program}`, access, error);
      });
      if (seen.Running || seen.ExitCode === null) throw new NotYet("still running");
      return seen.ExitCode;
    },
  );
}

function failure(access: ContainerAccess, program: string, found: string): UnreachableError {
  return new UnreachableError({
    doing: `run ${program}`,
    where: place(access),
    found,
    remedy: `Look at the container: docker logs --tail 50 ${access.container}`,
  });
}
