/** The preflight: all hosts at once, each by itself and from the others; one list. */
import type { PreflightInputs } from "../../model/hostResources";
import { portKey } from "./dials";
import { factsOrWhy } from "./facts";
import { judge, type Seen, takesContainers } from "./judge";
import { takenPorts } from "./judgePorts";
import { asLine, preflightError } from "./problem";
import { tryPorts, type Provide } from "./reachability";

/**
 * Looks at every host, and tries the ports between them; throws one error with all that is in the way,
 * gives what is only told. What it takes for the try is made by `provide`, an image of some MB, or gone
 * when this returns.
 */
export async function preflight(inputs: PreflightInputs, provide: Provide): Promise<string[]> {
  const { cluster, hosts, tried, probes } = inputs;
  const seen = await Promise.all(
    hosts.map(async (needs) => ({ needs, facts: await factsOrWhy(needs) })),
  );
  const able = tried.filter(({ access }) => {
    const one = seen.find(({ needs }) => needs.access.name === access.name);
    return one !== undefined && takesContainers(one);
  });
  const held = new Map(seen.map((one) => [one.needs.access.name, heldPorts(cluster, one)]));
  const problems = [
    ...judge(cluster, seen),
    ...(await tryPorts({ cluster, hosts: able, probes, held }, provide)),
  ];
  const error = preflightError("start on the hosts", hosts.length, problems);
  if (error !== undefined) throw error;
  return problems.map(asLine);
}

/** Ports that somebody else holds: said already, and not to be listened on. */
function heldPorts(cluster: string, { needs, facts }: Seen): string[] {
  if ("why" in facts) return [];
  return takenPorts(cluster, needs, facts).map(({ port }) => portKey(port));
}
