/** Errors of the control path: what was being done, where, what was found, what to do now. */

/** Parts of an error message. */
export interface ErrorParts {
  /** What was being done, as `read the cluster view`. */
  readonly doing: string;
  /** Host and container, as `container db-pg1 on host pg1`. */
  readonly where: string;
  /** What was found instead of what was expected. */
  readonly found: string;
  /** What a person should do now. */
  readonly remedy: string;
}

/** An error that names the action, the place, the finding and the remedy. Never holds a secret. */
export class ControlError extends Error {
  readonly parts: ErrorParts;

  constructor(parts: ErrorParts, cause?: unknown) {
    super(
      `cannot ${parts.doing} (${parts.where}): ${endSentence(parts.found)} ${parts.remedy}`,
      cause === undefined ? undefined : { cause },
    );
    this.name = "ControlError";
    this.parts = parts;
  }
}

/** Nothing answered: the part runs or should run, but could not be asked. */
export class UnreachableError extends ControlError {
  constructor(parts: ErrorParts, cause?: unknown) {
    super(parts, cause);
    this.name = "UnreachableError";
  }
}

/** Text of anything thrown, for the `found` part of another error. */
export function describe(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(describe).join("; ");
  }
  // Node's word for it says nothing to a person.
  const text = error instanceof Error ? error.message : String(error);
  return text === "socket hang up" ? "the connection was closed before an answer came" : text;
}

/** What was found alone, without action and remedy: for a list of what several parts said. */
export function finding(error: unknown): string {
  return error instanceof ControlError ? error.parts.found : describe(error);
}

/** Shortens output of a program for an error message; the end is what tells. */
export function excerpt(text: string, limit = 600): string {
  const trimmed = text.trim();
  return trimmed.length <= limit ? trimmed : `...${trimmed.slice(-limit)}`;
}

function endSentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** Whether nothing answered, which may pass by itself. */
export const unreachable = (error: unknown): boolean => error instanceof UnreachableError;
