/** The preflight: all hosts at once, one list. */
import type { PreflightInputs } from "../../model/hostResources";
import { factsOrWhy } from "./facts";
import { judge } from "./judge";
import { asLine, preflightError } from "./problem";

/** Looks at every host; throws one error with all that is in the way, gives what is only told. */
export async function preflight({ cluster, hosts }: PreflightInputs): Promise<string[]> {
  const seen = await Promise.all(
    hosts.map(async (needs) => ({ needs, facts: await factsOrWhy(needs) })),
  );
  const problems = judge(cluster, seen);
  const error = preflightError("start on the hosts", hosts.length, problems);
  if (error !== undefined) throw error;
  return problems.map(asLine);
}
