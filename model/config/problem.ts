/** One step of a path: a key or an index. */
export type PathStep = string | number;

/** One thing that is wrong with the config. */
export interface Problem {
  /** Where, from the top of the namespace: `["hosts", 0, "address"]`. */
  readonly path: readonly PathStep[];
  /** What stands there; {@link HIDDEN} where it may be a secret, `undefined` where nothing does. */
  readonly value: unknown;
  /** The rule that it breaks, as the end of a sentence: "must be ...". */
  readonly rule: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Stands for a value that is not shown because it may be a secret. */
export const HIDDEN = Symbol("hidden");

const MAX_VALUE = 80;

/** The config is refused. Holds every problem that was found, not only the first. */
export class ConfigError extends Error {
  /** Every problem, in the order of the config. */
  public readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`Stack config: ${count}.\n\n${problems.map(formatProblem).join("\n\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** One block of text: path, value and rule, then the remedy. */
export function formatProblem(problem: Problem): string {
  const path = formatPath(problem.path);
  return `${path}: ${formatValue(problem.value)} ${problem.rule}\n  -> ${problem.remedy}`;
}

/** `["hosts", 0, "runs"]` as `hosts[0].runs`; keys that are no plain word are quoted. */
export function formatPath(path: readonly PathStep[]): string {
  if (path.length === 0) return "config";
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(step)) return `${text}[${truncate(printable(step))}]`;
    return text === "" ? truncate(step) : `${text}.${truncate(step)}`;
  }, "");
}

function formatValue(value: unknown): string {
  if (value === HIDDEN) return "(hidden)";
  if (value === undefined) return "(not set)";
  return truncate(printable(value));
}

/** JSON with everything that is not printable ASCII escaped, so that no value acts on a terminal. */
function printable(value: unknown): string {
  const json = JSON.stringify(value, (_key, part: unknown) => plain(part)) ?? String(value);
  return json.replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function plain(value: unknown): unknown {
  if (value === HIDDEN) return "(hidden)";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value;
}

function truncate(text: string): string {
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE - 3)}...`;
}
