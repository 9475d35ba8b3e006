/** What Read says of a part that gives no answer: gone, or an error. */
import type { ContainerAccess } from "../model/access";
import { UnreachableError, describe } from "../control/errors";
import { presence } from "../control/presence";

/**
 * Reads something from a part that is made of containers. When the part gives no answer, then
 * - undefined (gone) if a container of it is missing or does not run: `up` makes or starts the
 *   container and does this work again, all of which may be repeated without harm;
 * - an error if all its containers run, since nothing that `up` does would help.
 */
export async function readOrGone<T>(
  part: string,
  containers: readonly ContainerAccess[],
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const before = await presence(containers);
  if (before.running.length === 0 && before.unknown.length === 0) return undefined;
  try {
    return await read();
  } catch (error) {
    const { absent, unknown } = await presence(containers);
    if (absent.length > 0) {
      process.stderr.write(`${part} gives no answer while ${absent.join(", ")}: taken as gone\n`);
      return undefined;
    }
    throw new UnreachableError(
      {
        doing: `read ${part}`,
        where: containers.map((item) => item.container).join(", "),
        found: [describe(error), ...unknown].join(" | "),
        remedy:
          "Repair it, or leave live state unread for once with `--refresh=false` " +
          "(`npm run pulumi -- preview --refresh=false`).",
      },
      error,
    );
  }
}
