/** What Read says of a part that gives no answer: gone, or an error. */
import type { ContainerAccess } from "../model/access";
import { UnreachableError } from "../control/errors";
import { presence, recentPresence } from "../control/presence";
import { warn } from "./warn";

/**
 * Reads something from a part that is made of containers. A part that gives no answer is taken as
 * gone (undefined): its containers may be missing or stopped, or kept silent by a file or
 * certificate that this same `up` is about to repair. `up` then does this work again, all of which
 * may be repeated without harm, or says what is in the way. Only where an engine does not answer is
 * nothing known, and that is an error.
 */
export async function readOrGone<T>(
  part: string,
  containers: readonly ContainerAccess[],
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const before = await recentPresence(containers);
  if (before.running.length === 0 && before.unknown.length === 0) return undefined;
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    const { absent, unknown } = await presence(containers);
    if (absent.length > 0 || unknown.length === 0) {
      const why = absent.length > 0 ? absent.join(", ") : error.parts.found;
      warn(`${part} gives no answer and is taken as gone, \`up\` does its work again: ${why}`);
      return undefined;
    }
    throw failure(part, containers, [error.parts.found, ...unknown], error);
  }
}

function failure(
  part: string,
  containers: readonly ContainerAccess[],
  found: string[],
  cause: Error,
): Error {
  return new UnreachableError(
    {
      doing: `read ${part}`,
      where: containers.map((item) => item.container).join(", "),
      found: found.join(" | "),
      remedy:
        "Repair it, or leave live state unread for once with `--refresh=false` " +
        "(`npm run pulumi -- preview --refresh=false`).",
    },
    cause,
  );
}
