/** The generic comparison of a state with new inputs. */
import { hasUnknown, type Props } from "./secrets";
import type { AnyType } from "./type";

/** Outcome of a comparison. */
export interface Difference {
  /** Inputs that differ. */
  readonly changed: readonly string[];
  /** Those of them that mean a replacement. */
  readonly replaces: readonly string[];
}

/** Deep equality of plain values; missing, undefined and null are the same. */
export function same(left: unknown, right: unknown): boolean {
  if (left == null || right == null) return left == null && right == null;
  if (typeof left !== "object" || typeof right !== "object") return left === right;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => same(item, right[index]));
  }
  const a = left as Props;
  const b = right as Props;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]));
}

/**
 * Whether the way to reach something differs so much that the state must learn the new one.
 * A list (members, Consul servers) is asked in turn: while more than half of the old ones stand
 * unchanged in the new list it will do, so that adding a member touches no role or database.
 */
export function accessDiffers(old: unknown, now: unknown): boolean {
  if (!Array.isArray(old) || !Array.isArray(now)) return !same(old, now);
  const kept = old.filter((item) => now.some((other) => same(item, other))).length;
  return old.length === 0 ? now.length > 0 : kept * 2 <= old.length;
}

/** Compares the inputs of a type with the state; any unknown input counts as changed. */
export function differences(type: AnyType, state: Props, news: Props): Difference {
  const computed = new Set<string>(type.computed);
  const ignored = new Set<string>(type.ignored ?? []);
  const access = new Set<string>(type.access ?? []);
  const names = new Set([
    ...Object.keys(news),
    ...Object.keys(state).filter((key) => !computed.has(key)),
  ]);
  const changed = [...names].filter((name) => {
    if (ignored.has(name)) return false;
    if (hasUnknown(news[name])) return true;
    if (access.has(name)) return accessDiffers(state[name], news[name]);
    return !same(state[name], news[name]);
  });
  const stale = (type.stale?.(state) ?? []).filter((name) => !changed.includes(name));
  const replaceOn = new Set<string>(type.replaceOn ?? []);
  return {
    changed: [...changed, ...stale],
    replaces: changed.filter((name) => replaceOn.has(name)),
  };
}
