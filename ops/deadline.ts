/** Limits for calls that have none of their own. */
import { UnreachableError } from "../control/errors";

/** Waits for `work`, at most `timeoutMs`; what then still runs is left behind. */
export async function withDeadline<T>(
  call: { readonly doing: string; readonly where: string; readonly timeoutMs: number },
  work: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(call)), call.timeoutMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(call: { doing: string; where: string; timeoutMs: number }): UnreachableError {
  return new UnreachableError({
    doing: call.doing,
    where: call.where,
    found: `no answer within ${call.timeoutMs / 1000} s`,
    remedy: "Check that the host and its Docker engine answer (docker ps).",
  });
}

/** A number of seconds from the command line. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 1 || value > 604_800) {
    throw new Error(`"${text}" is not a number of seconds between 1 and 604800 (a week).`);
  }
  return value;
}
