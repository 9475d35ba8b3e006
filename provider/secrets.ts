/** The wire form of property values: secrets and unknowns, as the engine sends and wants them. */

/** Key that marks a special object on the wire. */
export const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** What the engine sends in a preview for a value that is not known yet, one for each type. */
const UNKNOWNS = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);
/** One of them, for tests and for values that are unknown inside an output value. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/**
 * Stands in a state for a secret that was changed behind the program's back. It is not secret
 * itself, so that a preview shows which one it is; what it stands for is never kept.
 */
export const CHANGED = "<changed outside of the program>";

/** A property bag. */
export type Props = Record<string, unknown>;

/** Plain values, and the paths (arrays of keys) that were secret. */
export interface Unwrapped {
  readonly value: Props;
  readonly secretPaths: readonly (readonly string[])[];
}

function isObject(value: unknown): value is Props {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Takes secrets out of their wrapping, deeply, and remembers where they were. */
export function unwrap(wire: unknown): Unwrapped {
  const secretPaths: string[][] = [];
  const walk = (value: unknown, path: string[]): unknown => {
    if (Array.isArray(value))
      return value.map((item, index) => walk(item, [...path, String(index)]));
    if (value === CHANGED) secretPaths.push(path); // what it stands for is still a secret
    if (!isObject(value)) return value;
    if (value[SIGNATURE] === SECRET) {
      secretPaths.push(path);
      return walk(value.value, path);
    }
    if (value[SIGNATURE] === OUTPUT_VALUE) {
      if (value.secret === true) secretPaths.push(path);
      return "value" in value ? walk(value.value, path) : UNKNOWN;
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]),
    );
  };
  const value = walk(wire ?? {}, []);
  return { value: isObject(value) ? value : {}, secretPaths };
}

/**
 * Wraps values for the wire: the named top-level fields always, and whatever lies at a path that
 * was secret before. A path that no longer exists makes its nearest remaining parent secret when
 * that parent is a list, since items move in lists. Undefined values are left out.
 */
export function wrap(
  value: object,
  secretFields: readonly string[],
  secretPaths: readonly (readonly string[])[] = [],
): Props {
  const secret = new Set([
    ...secretFields.map((field) => JSON.stringify([field])),
    ...secretPaths.map(outside),
  ]);
  const walk = (item: unknown, path: string[]): unknown => {
    const plain = children(item, path);
    const hidden = path.length > 0 && secret.has(JSON.stringify(path));
    return hidden && !isUnknown(plain) && plain !== CHANGED
      ? { [SIGNATURE]: SECRET, value: plain }
      : plain;
  };
  const children = (item: unknown, path: string[]): unknown => {
    if (Array.isArray(item))
      return item.map((entry, index) => walk(entry ?? null, [...path, String(index)]));
    if (!isObject(item)) return item;
    const entries = Object.entries(item).filter(([, entry]) => entry !== undefined);
    return Object.fromEntries(entries.map(([key, entry]) => [key, walk(entry, [...path, key])]));
  };
  const wrapped = children(value, []);
  return isObject(wrapped) ? wrapped : {};
}

/** Puts CHANGED in the place of each secret whose live value is not the one in the state. */
export function markChanged(
  live: object,
  state: Props,
  secretPaths: readonly (readonly string[])[],
): Props {
  const marked = structuredClone(live) as Props;
  for (const path of secretPaths) {
    const found = lookup(marked, path);
    if (found === undefined || typeof found !== "string" || found === lookup(state, path)) continue;
    const parent = lookup(marked, path.slice(0, -1));
    if (isObject(parent)) parent[path.at(-1) ?? ""] = CHANGED;
  }
  return marked;
}

function lookup(from: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), from);
}

/** Path of what to hide: cut before the first list index, since the items of a list move. */
function outside(path: readonly string[]): string {
  const index = path.findIndex((key) => /^\d+$/.test(key));
  return JSON.stringify(index > 0 ? path.slice(0, index) : path);
}

/** Whether a value is, or anywhere holds, one that is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (isObject(value)) return Object.values(value).some(hasUnknown);
  return isUnknown(value);
}

function isUnknown(value: unknown): boolean {
  return typeof value === "string" && UNKNOWNS.has(value);
}
