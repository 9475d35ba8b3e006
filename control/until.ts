/** The one way to wait: poll a condition against a deadline. */
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
  const end = Date.now() + limits.timeoutMs;
  for (;;) {
    try {
      return await probe(Math.max(0, end - Date.now()));
    } catch (error) {
      if (!(error instanceof NotYet) && limits.retry?.(error) !== true) throw error;
      const wait = limits.intervalMs ?? 250;
      if (Date.now() + wait > end) {
        throw new DeadlineError(what, Math.round(limits.timeoutMs / 1000), describe(error));
      }
      await pause(wait);
    }
  }
}
