/** What Read says of a part that gives no answer: gone, or an error. */
import type { ContainerAccess } from "../model/access";
import { UnreachableError } from "../control/errors";
import { presence } from "../control/presence";
import { warn } from "./warn";

/**
 * Reads something from a part that is made of containers. When the part gives no answer, then it
 * is gone (undefined) if a container of it is missing or does not run: `up` makes or starts the
 * container and does this work again, all of which may be repeated without harm. If all of them
 * run, `silent` decides: "error" for a part that stands on no other, since nothing that `up` does
 * would help; "gone" for one that another part may keep silent (no consensus store, no
 * PostgreSQL), which this same `up` may be about to repair.
 */
export async function readOrGone<T>(
  part: string,
  containers: readonly ContainerAccess[],
  silent: "error" | "gone",
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const before = await presence(containers);
  if (before.running.length === 0 && before.unknown.length === 0) return undefined;
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    const { absent, unknown } = await presence(containers);
    if (absent.length > 0 || (silent === "gone" && unknown.length === 0)) {
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
