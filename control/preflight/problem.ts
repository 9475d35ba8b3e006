/** What a preflight has to say, and the one list that it says it in. */
import { ControlError } from "../errors";

/** One thing that is wrong with a host. */
export interface Problem {
  readonly host: string;
  /** What was found. */
  readonly found: string;
  /** What is needed instead. */
  readonly needed: string;
  /** What to do now. */
  readonly remedy: string;
  /** Told, but not in the way of `up`. */
  readonly warning?: true;
}

/** A problem as one line. */
export function asLine({ host, found, needed, remedy }: Problem): string {
  return `${host}: ${found}; needed: ${needed}. ${remedy}`;
}

/** The one error with every problem that is in the way; undefined when there is none. */
export function preflightError(
  doing: string,
  hosts: number,
  problems: readonly Problem[],
): ControlError | undefined {
  const serious = problems.filter((problem) => problem.warning !== true);
  if (serious.length === 0) return undefined;
  const lines = serious.map((problem) => `  * ${asLine(problem)}`).join("\n");
  const count = serious.length === 1 ? "1 problem" : `${serious.length} problems`;
  return new ControlError({
    doing,
    where: hosts === 1 ? "1 host" : `${hosts} hosts`,
    found: `${count} in the way:\n${lines}\nNo container of the cluster was changed.`,
    remedy: "Repair all of it and run `up` again: it checks again.",
  });
}
