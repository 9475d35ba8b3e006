import type { z } from "zod";

import { knownKeys } from "./jsonSchema";
import type { PathStep, Problem } from "./problem";

type Issue = z.core.$ZodIssue;

const REFERENCE = "docs/config.md lists every key with its type and default.";

/** What the schema found, as problems: path, value, rule and remedy. */
export function problemsOf(issues: readonly Issue[], raw: unknown): Problem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, raw, []));
}

/** Value at `path` of untyped data, or undefined. */
export function valueAt(raw: unknown, path: readonly PathStep[]): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step))
      return undefined;
    return (value as Record<PathStep, unknown>)[step];
  }, raw);
}

/** Zod's paths hold symbols by type only: data from JSON has none. */
export function steps(path: readonly PropertyKey[]): PathStep[] {
  return path.map((step) => (typeof step === "number" ? step : String(step)));
}

function problemsOfIssue(issue: Issue, raw: unknown, base: readonly PathStep[]): Problem[] {
  const path = [...base, ...steps(issue.path)];
  const value = valueAt(raw, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey([...path, key], key));
    case "invalid_union":
      return problemsOfUnion(issue.errors, raw, path);
    case "invalid_key":
      return issue.issues.map((inner) => ({
        path,
        value: path.at(-1),
        rule: inner.message,
        remedy: remedyOf(inner),
      }));
    default:
      return [{ path, value, rule: ruleOf(issue, value), remedy: remedyOf(issue) }];
  }
}

/** The branch that fits the value's type tells what is wrong; with none, all types are named. */
function problemsOfUnion(
  branches: readonly (readonly Issue[])[],
  raw: unknown,
  path: readonly PathStep[],
): Problem[] {
  const fitting = branches.find((issues) =>
    issues.every((issue) => issue.path.length > 0 || issue.code !== "invalid_type"),
  );
  if (fitting) return fitting.flatMap((issue) => problemsOfIssue(issue, raw, path));
  const value = valueAt(raw, path);
  const types = branches.flat().flatMap((issue) => {
    return issue.code === "invalid_type" ? [typeName(issue.expected)] : [];
  });
  const rule = value === undefined ? "is required" : `must be ${[...new Set(types)].join(" or ")}`;
  return [{ path, value, rule, remedy: `Give ${[...new Set(types)].join(" or ")}. ${REFERENCE}` }];
}

function unknownKey(path: readonly PathStep[], key: string): Problem {
  const known = knownKeys(path.slice(0, -1));
  const near = known.find((candidate) => distance(candidate, key) <= 2);
  const remedy = near
    ? `Did you mean "${near}"? Else remove it.`
    : `Remove it. Known here: ${known.join(", ")}.`;
  // The value of an unknown key is not shown: nobody knows whether it is a secret.
  return { path, value: key, rule: "is not a known key", remedy };
}

function ruleOf(issue: Issue, value: unknown): string {
  if (value === undefined && issue.code !== "custom") return "is required";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${typeName(issue.expected)}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `must ${measure(issue.origin)} at least ${String(issue.minimum)}`;
    case "too_big":
      return `must ${measure(issue.origin)} at most ${String(issue.maximum)}`;
    default:
      return issue.message;
  }
}

function remedyOf(issue: Issue): string {
  if (issue.code === "custom") {
    const remedy: unknown = issue.params?.["remedy"];
    if (typeof remedy === "string") return remedy;
  }
  if (issue.code === "invalid_type") return `Give ${typeName(issue.expected)}. ${REFERENCE}`;
  if (issue.code === "invalid_value") return `Use one of the values named. ${REFERENCE}`;
  return `Correct the value. ${REFERENCE}`;
}

function measure(origin: string): string {
  return origin === "array" || origin === "set" ? "have a number of entries of" : "be";
}

function typeName(expected: string): string {
  const names: Record<string, string> = {
    string: "a text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a map of keys",
    record: "a map of keys",
  };
  return names[expected] ?? expected;
}

/** Levenshtein distance, for "did you mean". */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const change = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
