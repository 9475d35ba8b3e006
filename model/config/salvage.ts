import type { z } from "zod";

import { steps, valueAt } from "./issues";
import type { PathStep, Problem } from "./problem";
import { stackConfigSchema, type StackConfig } from "./schema";

/**
 * What is left of a config once its invalid parts are taken out, so that the cross checks can run
 * beside the schema: a person gets the problems of both at once.
 */
export interface Salvage {
  /** The valid rest; undefined when nothing could be kept. Never used but for checks. */
  readonly config: StackConfig | undefined;
  /** What the schema found, in the coordinates of the raw config. */
  readonly issues: readonly z.core.$ZodIssue[];
  /** Paths that were taken out, in the coordinates of the raw config. */
  readonly removed: readonly (readonly PathStep[])[];
  /** A path in `config` as one in the raw config: list entries move up when others are removed. */
  readonly original: (path: readonly PathStep[]) => readonly PathStep[];
}

const MAX_ROUNDS = 12;
const PLACEHOLDERS: Readonly<Record<string, unknown>> = { cluster: "cluster" };

/** Parses `raw`, and as long as that fails takes out what is invalid and tries the rest. */
export function salvage(raw: unknown): Salvage {
  const first = stackConfigSchema.safeParse(raw);
  if (first.success) {
    return { config: first.data, issues: [], removed: [], original: (path) => path };
  }
  const remover = new Remover(raw);
  let result: z.ZodSafeParseResult<StackConfig> = first;
  for (let round = 0; round < MAX_ROUNDS && !result.success; round++) {
    remover.remove(result.error.issues.flatMap(pathsOf));
    result = stackConfigSchema.safeParse(remover.rest);
  }
  return {
    config: result.success ? result.data : undefined,
    issues: first.error.issues,
    removed: remover.removed,
    original: (path) => remover.original(path),
  };
}

/** Whether `need` (with `*` for any one step) was taken out, by itself or with what holds it. */
export function isLost(need: string, removed: Salvage["removed"]): boolean {
  const wanted = need.split(".");
  return removed.some(
    (path) =>
      path.length <= wanted.length &&
      path.every((step, index) => wanted[index] === "*" || wanted[index] === String(step)),
  );
}

/** Whether the problem is about something that an earlier problem is already about. */
export function isKnown(problem: Problem, earlier: readonly Problem[]): boolean {
  return earlier.some(
    ({ path }) =>
      path.length > 0 &&
      path.length <= problem.path.length &&
      path.every((step, index) => step === problem.path[index]),
  );
}

function pathsOf(issue: z.core.$ZodIssue): PathStep[][] {
  const path = steps(issue.path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => [...path, key]);
  return [path];
}

/** Holds a copy of the raw config, and remembers which entry of a list was where. */
class Remover {
  public readonly rest: unknown;
  public readonly removed: PathStep[][] = [];
  private readonly positions = new WeakMap<object, number[]>();

  constructor(raw: unknown) {
    this.rest = this.copy(raw);
  }

  public remove(paths: readonly (readonly PathStep[])[]): void {
    // All targets are found before any is removed, as a removal moves the entries behind it.
    const targets = paths.map((path) => this.target(path)).filter((path) => path.length > 0);
    const found = targets.map((path) => ({
      holder: valueAt(this.rest, path.slice(0, -1)),
      key: path.at(-1) ?? "",
      value: valueAt(this.rest, path),
      original: this.original(path),
    }));
    for (const { holder, key, value, original } of found) {
      if (Array.isArray(holder)) this.removeEntry(holder, value);
      else if (isObject(holder)) Reflect.deleteProperty(holder, key);
      this.removed.push([...original]);
      if (original.length === 1 && isObject(this.rest) && String(key) in PLACEHOLDERS) {
        (this.rest as Record<PathStep, unknown>)[key] = PLACEHOLDERS[String(key)];
      }
    }
  }

  public original(path: readonly PathStep[]): PathStep[] {
    return path.map((step, index) => {
      const holder = valueAt(this.rest, path.slice(0, index));
      if (typeof step !== "number" || !isObject(holder)) return step;
      return this.positions.get(holder)?.[step] ?? step;
    });
  }

  /** What is missing cannot be removed: then what should hold it is. */
  private target(path: readonly PathStep[]): readonly PathStep[] {
    let target = path;
    if (target.length === 1 && String(target[0]) in PLACEHOLDERS) return target;
    while (target.length > 0 && valueAt(this.rest, target) === undefined)
      target = target.slice(0, -1);
    return target;
  }

  private removeEntry(list: unknown[], value: unknown): void {
    const index = list.indexOf(value);
    if (index < 0) return;
    list.splice(index, 1);
    this.positions.get(list)?.splice(index, 1);
  }

  private copy(value: unknown): unknown {
    if (Array.isArray(value)) {
      const list: unknown[] = value.map((entry: unknown) => this.copy(entry));
      this.positions.set(
        list,
        list.map((_, index) => index),
      );
      return list;
    }
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, this.copy(part)]));
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
