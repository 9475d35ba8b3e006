/** What the labels of a plan are made from. */
import type { Props } from "../secrets";

/** A change of a resource, as Diff sees it. */
export interface Change {
  /** Name of the resource. */
  readonly name: string;
  /** What is recorded, or was read from the live cluster. */
  readonly state: Props;
  /** What is wanted; parts of it may not be known yet. */
  readonly news: Props;
  /** Inputs that differ. */
  readonly changed: readonly string[];
}

/** Lines that say what a change does to a running cluster; none when it does nothing to it. */
export type Label = (change: Change) => string[];

/** A value as an object; an empty one where it is none, or not known yet. */
export function fields(value: unknown): Props {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Props)
    : {};
}

/** A value as a list; an empty one where it is none, or not known yet. */
export function items(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A value as a text; undefined where it is none. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
