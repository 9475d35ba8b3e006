import { engineAnswers } from "../control/engine";
import { describe } from "../control/errors";
import type { HostAccess } from "../model/access";
import { say } from "./progress";
import { recordedHosts } from "./record/move";
import { readRecord } from "./record/store";
import { accessOf, type StackHosts } from "./stackHosts";

/** Milliseconds that an engine has to answer in. */
export const ANSWER_MS = 5000;

/** After a command failed: which hosts do not answer, and what can be done without them. */
export async function adviseOnHosts(verb: string, hosts: StackHosts | undefined): Promise<void> {
  if (!["up", "preview", "refresh"].includes(verb)) return;
  if (hosts === undefined) return;
  const remote = accessOf(hosts).filter(({ docker }) => docker.startsWith("ssh://"));
  const advice = await adviceFor(remote);
  if (advice !== undefined) say(`\n${advice}`);
  await adviseOnLeftOut(hosts);
}

/** Whoever takes the entry of a dead host out of the stack file has the host asked once more. */
async function adviseOnLeftOut({ stack, config }: StackHosts): Promise<void> {
  const record = await readRecord(stack);
  const named = config.hosts.map(({ name }) => name);
  const left = recordedHosts(record?.deployment ?? {}).filter(({ name }) => !named.includes(name));
  for (const access of left) {
    const silence = await why(access);
    if (silence === undefined) continue;
    say(
      `\nHost ${access.name} is in the stack file no more, but what ran there is still recorded: ${silence} ` +
        "If it is gone for good, put its entry back with `state: retired`, and run this again.",
    );
  }
}

/** Which of the hosts do not answer, and what can be done; undefined when all do. */
export async function adviceFor(hosts: readonly HostAccess[]): Promise<string | undefined> {
  const silent = (await Promise.all(hosts.map(why))).filter((text) => text !== undefined);
  if (silent.length === 0) return undefined;
  return (
    `Hosts that do not answer:\n${silent.map((text) => `  ${text}\n`).join("")}` +
    "To go on without such a host for now, set `state: unreachable` on it in the stack file: what concerns the " +
    "others is done, and it is left as it is. Take the line out when it is back. " +
    "If it is gone for good, set `state: retired`: it leaves the cluster without being asked."
  );
}

async function why(access: HostAccess): Promise<string | undefined> {
  try {
    await engineAnswers(access, ANSWER_MS);
    return undefined;
  } catch (error) {
    return describe(error);
  }
}
