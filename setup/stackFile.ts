import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";

/** What Pulumi writes into a stack file for the secrets provider; it never goes to a tracked file. */
export const providerKeys = ["secretsprovider", "encryptedkey", "encryptionsalt"] as const;

/** The provider's keys of a stack file. */
export type ProviderKeys = Partial<Record<(typeof providerKeys)[number], string>>;

function parse(text: string, where: string): Document {
  const document = parseDocument(text);
  const problem = document.errors[0];
  if (problem)
    throw new Error(
      `${where} is not valid YAML: ${problem.message}. Correct it and run the command again.`,
    );
  if (document.contents !== null && !isMap(document.contents)) {
    throw new Error(
      `${where} must hold a mapping with the key "config", found something else. Compare it with Pulumi.dev.yaml.`,
    );
  }
  return document;
}

/** The provider's keys that a stack file holds. */
export function providerKeysOf(text: string, where: string): ProviderKeys {
  const document = parse(text, where);
  const keys: ProviderKeys = {};
  for (const name of providerKeys) {
    const value: unknown = document.get(name);
    if (typeof value === "string") keys[name] = value;
  }
  return keys;
}

/** The tracked stack file with the provider's keys added; its own, if it has some, count. */
export function withProviderKeys(tracked: string, keys: ProviderKeys, where: string): string {
  if (Object.keys(providerKeysOf(tracked, where)).length > 0) return tracked;
  const document = parse(tracked, where);
  for (const [name, value] of Object.entries(keys)) document.set(name, value);
  return document.toString({ lineWidth: 0 });
}

/**
 * Brings what Pulumi changed in the generated copy back to the tracked file: everything but the
 * provider's keys. Comments, order and quoting of what did not change stay.
 *
 * @returns the new text of the tracked file; the very same text when nothing has to change.
 */
export function writeBack(tracked: string, copy: string, where: string): string {
  const to = parse(tracked, where);
  const from = parse(copy, `the generated copy of ${where}`);
  const wanted = (from.toJS() ?? {}) as Record<string, unknown>;
  for (const name of providerKeys) delete wanted[name];
  const before = (to.toJS() ?? {}) as Record<string, unknown>;
  for (const name of providerKeys) if (name in before) wanted[name] = before[name];
  if (same(before, wanted)) return tracked;
  if (to.contents === null) to.contents = to.createNode({});
  merge(to, to.contents as YAMLMap, wanted);
  return to.toString({ lineWidth: 0 });
}

function merge(document: Document, into: YAMLMap, wanted: Record<string, unknown>): void {
  for (const pair of [...into.items]) {
    const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
    if (!(key in wanted)) into.delete(pair.key);
  }
  for (const [key, value] of Object.entries(wanted)) {
    const old: unknown = into.get(key, true);
    if (!mergeValue(document, old, value)) into.set(key, document.createNode(value));
  }
}

function mergeList(document: Document, into: YAMLSeq, wanted: unknown[]): void {
  into.items.length = Math.min(into.items.length, wanted.length);
  wanted.forEach((value, i) => {
    if (!mergeValue(document, into.items[i], value)) into.items[i] = document.createNode(value);
  });
}

/** Changes a node in place, where that keeps its comments; false when it has to be replaced. */
function mergeValue(document: Document, old: unknown, value: unknown): boolean {
  if (isMap(old) && isRecord(value)) merge(document, old, value);
  else if (isSeq(old) && Array.isArray(value)) mergeList(document, old, value);
  else if (isScalar(old) && !isRecord(value) && !Array.isArray(value)) {
    if (!same(old.value, value)) old.value = value;
  } else return isAlias(old) && same(old.toJS(document), value);
  return true;
}

function isPlain(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Order of keys does not matter, order in lists does. Pulumi writes `true` and `1` as texts when it
// saves a stack file: the same value, for it.
function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (!isRecord(a) || !isRecord(b))
    return a === b || (isPlain(a) && isPlain(b) && String(a) === String(b));
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]))
  );
}
