/** Pauses of PgBouncer: clients stay connected and wait, no transaction runs. */
import type { Duplex } from "node:stream";
import type { ContainerAccess } from "../model/access";
import { place } from "./docker";
import { ControlError, describe } from "./errors";
import { execStream } from "./exec";
import { FrameDecoder } from "./frames";

/** How long a pause may last, and what it may cost to get there. */
export interface PauseLimits {
  /** Seconds after which the pools resume by themselves, whatever has become of the caller. */
  readonly seconds: number;
  /** Seconds that transactions get to end; with one that runs longer there is no pause. */
  readonly waitSeconds: number;
}

/** Pools that are paused. */
export interface PausedPools {
  /** Lets the clients go on; called twice it does nothing more. */
  resume(): Promise<void>;
}

/**
 * Pauses pools on all hosts at once. The pause is held by a process inside each container, which
 * ends it when this connection or its time ends. Where one cannot be paused, all go on, and this
 * fails.
 */
export async function pausePools(
  poolers: readonly ContainerAccess[],
  limits: PauseLimits,
): Promise<PausedPools> {
  const holds = await Promise.allSettled(poolers.map((pooler) => hold(pooler, limits)));
  const held = holds.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const paused: PausedPools = {
    resume: async () => void (await Promise.all(held.map((one) => one.release()))),
  };
  const failed = holds.find((one) => one.status === "rejected");
  if (failed === undefined) return paused;
  await paused.resume();
  throw failed.reason;
}

/**
 * Pauses a pool until a PostgreSQL behind an address was gone and answers again. Returns once it is
 * paused: the process that holds it needs nobody from then on, and ends it at the deadline too.
 */
export async function pauseUntilBack(
  pooler: ContainerAccess,
  behind: { readonly address: string; readonly port: number },
  limits: PauseLimits,
): Promise<void> {
  const { stream } = await startHold(pooler, limits, [behind.address, String(behind.port)]);
  stream.destroy();
}

interface Hold {
  release(): Promise<void>;
}

/** Returns once the pool is paused. */
async function hold(pooler: ContainerAccess, limits: PauseLimits): Promise<Hold> {
  const { stream, ended } = await startHold(pooler, limits, []);
  const release = async (): Promise<void> => {
    stream.end();
    await ended;
  };
  return { release };
}

/** Starts the process that holds a pause; returns once the pool is paused. */
async function startHold(
  pooler: ContainerAccess,
  { seconds, waitSeconds }: PauseLimits,
  behind: readonly string[],
): Promise<{ stream: Duplex; ended: Promise<void> }> {
  const argv = ["hold-pause", String(seconds), String(waitSeconds), ...behind];
  const stream = await execStream(pooler, argv);
  const ended = new Promise<void>((resolve) => stream.once("close", () => resolve()));
  await said(pooler, stream, (waitSeconds + 10) * 1000);
  return { stream, ended };
}

/** Waits for the word "paused"; fails with what was said instead. */
function said(pooler: ContainerAccess, stream: Duplex, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    const decoder = new FrameDecoder();
    const fail = (found: string): void => {
      clearTimeout(timer);
      stream.destroy();
      reject(
        new ControlError({
          doing: "pause the pool",
          where: place(pooler),
          found,
          remedy:
            "The pool goes on. Look for transactions that run long: SHOW SERVERS; on its console.",
        }),
      );
    };
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    stream.on("data", (chunk: Buffer) =>
      decoder.push(chunk, (_, data) => {
        text += data.toString();
        if (!/^paused$/m.test(text)) return;
        clearTimeout(timer);
        resolve();
      }),
    );
    stream.on("end", () => fail(text.trim() || "it ended without a word"));
    stream.on("error", (error) => fail(describe(error)));
  });
}
