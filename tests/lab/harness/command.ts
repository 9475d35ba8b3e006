/** Programs of this machine, run for the lab. */
import { ControlError, excerpt } from "../../../control/errors";
import { type Captured, capture } from "../../../setup/process";

const LIMIT_MS = 60_000;

/** What a program is run for, as the error says it. */
export interface Purpose {
  /** As `make the bridge`. */
  readonly doing: string;
  /** As `host pg1 of lab 1a2b3c`. */
  readonly where: string;
  /** Milliseconds until it is killed; 60 s unless given. */
  readonly timeoutMs?: number;
}

/**
 * Runs a program that has to succeed, and gives what it printed.
 *
 * @throws ControlError with what it said when it ends with anything but 0.
 */
export async function must(purpose: Purpose, command: string, args: string[]): Promise<string> {
  const ran = await capture(command, args, { timeoutMs: purpose.timeoutMs ?? LIMIT_MS });
  if (ran.code !== 0) throw failure(purpose, command, args, ran);
  return ran.stdout;
}

/** The error of a program that ended with anything but 0. */
export function failure(
  { doing, where }: Purpose,
  command: string,
  args: string[],
  { code, stdout, stderr }: Captured,
): ControlError {
  return new ControlError({
    doing,
    where,
    found: `"${[command, ...args].join(" ")}" ended with ${code}: ${excerpt(stderr || stdout)}`,
    remedy: 'Correct that; "npm run lab -- down" clears whatever is half there.',
  });
}
