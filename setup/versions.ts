import { baseImageName } from "../model/baseImage";
import versions from "./versions.json";

/** Every version that the set-up provides or asks for, from the one file that pins them. */
export { versions };

/** The tag of the base image that all of the project's images start from. */
export const baseImage = baseImageName(versions.base);

/**
 * Compares dotted versions number by number; a leading `v`, a pre-release and a package suffix
 * (`20.10.24+dfsg1`) do not count.
 *
 * @returns true when `found` is `minimum` or newer.
 */
export function atLeast(found: string, minimum: string): boolean {
  const have = numbers(found);
  const want = numbers(minimum);
  for (let i = 0; i < Math.max(have.length, want.length); i++) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbers(version: string): number[] {
  const match = /^v?(\d+(?:\.\d+)*)/.exec(version.trim());
  return (match?.[1] ?? "0").split(".").map(Number);
}
