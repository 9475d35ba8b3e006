/** The one way to wait: poll a condition against a deadline. */
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { describe } from "./errors";

/** Thrown by a probe to say: not reached yet, ask again. The message says what was found. */
export class NotYet extends Error {
  constructor(found: string) {
    super(found);
    this.name = "NotYet";
  }
}

/** The deadline passed; the message names the condition and what was found last. */
export class DeadlineError extends Error {
  constructor(what: string, seconds: number, found: string) {
    super(`${what}: not reached within ${seconds} s; last seen: ${found}`);
    this.name = "DeadlineError";
  }
}

/** What all waits of a piece of work have to mind beside their own conditions. */
export interface Surroundings {
  /** Told of a wait that lasts, every ten seconds: nobody waits in silence. */
  tell(line: string): void;
  /** Why it has become vain to wait for anything; thrown out of the wait. */
  vain(): Error | undefined;
}

const surroundings = new AsyncLocalStorage<Surroundings>();
const TELL_MS = 10_000;

/** Does work whose waits mind its surroundings. */
export function amid<T>(around: Surroundings, work: () => Promise<T>): Promise<T> {
  return surroundings.run(around, work);
}

/** Limits of a wait. */
export interface Limits {
  /** Milliseconds until it gives up. */
  readonly timeoutMs: number;
  /** Milliseconds between two tries, 250 unless told otherwise. */
  readonly intervalMs?: number | undefined;
  /** Errors other than `NotYet` that are worth another try; none unless told otherwise. */
  readonly retry?: ((error: unknown) => boolean) | undefined;
}

/**
 * Calls `probe` until it returns, and gives its value. `NotYet` and errors that `limits.retry`
 * accepts are tried again until the deadline, all others are thrown at once.
 */
export async function until<T>(
  what: string,
  limits: Limits,
  probe: (remainingMs: number) => Promise<T>,
): Promise<T> {
  const around = surroundings.getStore();
  const begun = Date.now();
  const end = begun + limits.timeoutMs;
  for (let told = begun; ;) {
    try {
      return await probe(Math.max(0, end - Date.now()));
    } catch (error) {
      if (!(error instanceof NotYet) && limits.retry?.(error) !== true) throw error;
      const vain = around?.vain();
      if (vain !== undefined) throw vain;
      if (around !== undefined && Date.now() - told >= TELL_MS) {
        told = Date.now();
        const seconds = Math.round((told - begun) / 1000);
        around.tell(`${what}: waiting for ${seconds} s; last seen: ${describe(error)}`);
      }
      const wait = limits.intervalMs ?? 250;
      if (Date.now() + wait > end) {
        throw new DeadlineError(what, Math.round(limits.timeoutMs / 1000), describe(error));
      }
      await pause(wait);
    }
  }
}
