/** Pauses of PgBouncer: clients stay connected and wait, no transaction runs. */
import type { ContainerAccess } from "../model/access";
import { Conversation } from "./conversation";
import { place } from "./docker";
import { ControlError, finding } from "./errors";

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

/** Pools in which everything waits for the word. */
export interface ReadyPools {
  /** Pauses all of them at once. Where one cannot be paused all go on, and this fails. */
  pause(): Promise<PausedPools>;
  /** Lets go of them: whatever is paused resumes. */
  end(): void;
}

/** How long a pool may take to go on; one that does not answer resumes by itself, or is not there. */
const RESUME_MS = 5000;

/**
 * Starts, inside each container, the process that will hold its pause; it ends the pause when this
 * connection or its time ends. To start it takes longer than to pause, and clients would wait for it.
 */
export async function preparePause(
  poolers: readonly ContainerAccess[],
  limits: PauseLimits,
): Promise<ReadyPools> {
  const begun = await Promise.allSettled(poolers.map((pooler) => startHold(pooler, limits, [])));
  const talks = begun.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const end = (): void => talks.forEach((talk) => talk.end());
  const resume = async (): Promise<void> => {
    end();
    await Promise.all(talks.map((talk) => talk.over(RESUME_MS)));
  };
  const failed = begun.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    end();
    throw failed.reason;
  }
  const pause = async (): Promise<PausedPools> => {
    talks.forEach((talk) => talk.say("now"));
    const heard = await Promise.allSettled(
      talks.map((talk, index) => paused(poolers[index], talk, limits)),
    );
    const refused = heard.find((one) => one.status === "rejected");
    if (refused === undefined) return { resume };
    await resume();
    throw refused.reason;
  };
  return { pause, end };
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
  const talk = await startHold(pooler, limits, [behind.address, String(behind.port)]);
  try {
    await paused(pooler, talk, limits);
  } finally {
    talk.leave();
  }
}

function startHold(
  pooler: ContainerAccess,
  { seconds, waitSeconds }: PauseLimits,
  behind: readonly string[],
): Promise<Conversation> {
  const argv = ["hold-pause", String(seconds), String(waitSeconds), ...behind];
  return Conversation.begin(pooler, argv);
}

/** Waits until the pool is paused; fails with what was said instead. */
async function paused(
  pooler: ContainerAccess | undefined,
  talk: Conversation,
  { waitSeconds }: PauseLimits,
): Promise<void> {
  try {
    await talk.hear("paused", (waitSeconds + 10) * 1000);
  } catch (error) {
    throw new ControlError(
      {
        doing: "pause the pool",
        where: pooler === undefined ? "" : place(pooler),
        found: finding(error),
        remedy:
          "The pool goes on. Look for transactions that run long: SHOW SERVERS; on its console.",
      },
      error,
    );
  }
}
