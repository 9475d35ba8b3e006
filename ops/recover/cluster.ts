/** Clears what a killed `up` left in a cluster: stopped containers and paused pools. */
import { containerState } from "../../control/docker";
import { startContainer } from "../../control/engine";
import { finding } from "../../control/errors";
import { clusterView } from "../../control/patroni";
import { poolConsole } from "../../control/pgbouncer";
import { POOL_SOCKET_DIR } from "../../model/paths";
import { withDeadline } from "../deadline";
import { allContainers } from "../stack/containers";
import type { StackOutputs } from "../stack/outputs";
import { findPools } from "../status/parts";
import { type Seen, startsOf } from "./judge";

const TIMEOUT_MS = 30_000;

/** What was done, and what is left to people; a sentence each. */
export interface Recovered {
  readonly done: readonly string[];
  readonly left: readonly string[];
}

/** Starts containers of the cluster that are stopped, in the order in which it is built. */
export async function startStopped(near: StackOutputs): Promise<Recovered> {
  const look = async ({ access }: { access: Seen["access"] }): Promise<Seen> => {
    const call = { doing: "look at the container", where: access.container, timeoutMs: TIMEOUT_MS };
    return { access, status: (await withDeadline(call, containerState(access))).status };
  };
  const { start, left } = startsOf(await Promise.all(allContainers(near).map(look)));
  const done: string[] = [];
  for (const access of start) {
    const call = { doing: "start the container", where: access.container, timeoutMs: TIMEOUT_MS };
    if (await withDeadline(call, startContainer(access))) {
      done.push(`Container ${access.container} on host ${access.host.name} was stopped: started.`);
    }
  }
  return { done, left };
}

/** Lets the clients of paused pools go on. */
export async function resumePools(near: StackOutputs): Promise<Recovered> {
  const done: string[] = [];
  const left: string[] = [];
  for (const { name, paused, error } of await findPools(near, new Set())) {
    const access = near.operations.poolers.find((pooler) => pooler.container === name);
    if (error !== null) left.push(`Pool ${name} does not answer: ${error}`);
    if (paused.length === 0 || access === undefined) continue;
    const call = { doing: "resume the pool", where: name, timeoutMs: TIMEOUT_MS };
    const pooler = { access, socketDirectory: POOL_SOCKET_DIR, port: access.port };
    const commands = paused.includes("*") ? ["RESUME"] : paused.map(resumeCommand);
    await withDeadline(call, poolConsole(pooler, commands));
    done.push(`Pool ${name} was paused: resumed.`);
  }
  return { done, left };
}

/** The console command that resumes one database; its name quoted as the console wants it. */
export function resumeCommand(database: string): string {
  return `RESUME "${database.replaceAll('"', '""')}"`;
}

/** What of the members only people or `up` should change. */
export async function membersLeft(near: StackOutputs): Promise<string[]> {
  const call = { doing: "ask the members", where: near.clusterName, timeoutMs: TIMEOUT_MS };
  try {
    const view = await withDeadline(call, clusterView(near.operations.members));
    const waiting = view.members.filter((member) => member.pending_restart === true);
    return [
      ...(view.pause === true
        ? ["Patroni is paused: nothing fails over. If nobody wants that: ops -- resume"]
        : []),
      ...waiting.map(({ name }) => `${name} has settings that wait for a restart: \`up\` does it.`),
    ];
  } catch (error) {
    return [`The members do not answer yet: ${finding(error)}`];
  }
}
