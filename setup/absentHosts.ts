import { engineAnswers } from "../control/engine";
import { describe } from "../control/errors";
import type { HostPlan, Topology } from "../model/topology";
import { stackTopology } from "../ops/stack/config";
import { say } from "./progress";

/** Commands that reach the hosts. */
const REACHING = ["up", "preview", "refresh"];
const ANSWER_MS = 5000;

/** The topology of a stack; undefined where its config is bad, which the program says better. */
function topologyOf(stack: string): Topology | undefined {
  try {
    return stackTopology(stack);
  } catch {
    return undefined;
  }
}

/**
 * Flags for a stack with hosts of state `unreachable`. A refresh would ask them: it reads all of the
 * state. (To exclude what is on them from the command made Pulumi write a broken state.)
 */
export function leaveAlone(verb: string, stack: string): string[] {
  const topology = ["up", "preview"].includes(verb) ? topologyOf(stack) : undefined;
  const away = (topology?.hosts ?? []).filter((host) => !host.reachable);
  if (away.length === 0) return [];
  const names = away.map(({ access }) => access.name).join(", ");
  say(
    `Without ${names}, which is unreachable: drift is not looked for, on the other hosts either.`,
  );
  return ["--refresh=false"];
}

/** After a command failed: which hosts do not answer, and what can be done without them. */
export async function adviseOnHosts(verb: string, stack: string): Promise<void> {
  const topology = REACHING.includes(verb) ? topologyOf(stack) : undefined;
  const remote = (topology?.hosts ?? []).filter(
    (host) => host.reachable && host.access.docker.startsWith("ssh://"),
  );
  const silent = (await Promise.all(remote.map(why))).filter((text) => text !== undefined);
  if (silent.length === 0) return;
  say(
    `\nHosts that do not answer:\n${silent.map((text) => `  ${text}\n`).join("")}` +
      "To go on without such a host for now, set `state: unreachable` on it in the stack file: what concerns the " +
      "others is done, and it is left as it is. Take the line out when it is back.",
  );
}

async function why({ access }: HostPlan): Promise<string | undefined> {
  try {
    await engineAnswers(access, ANSWER_MS);
    return undefined;
  } catch (error) {
    return describe(error);
  }
}
