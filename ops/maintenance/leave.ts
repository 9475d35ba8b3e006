/** A host goes out: clients and leadership led elsewhere, then its containers stopped. */
import { autopilotHealthy } from "../../control/consul";
import { stopContainer } from "../../control/engine";
import { ControlError } from "../../control/errors";
import { chooseCandidate, isStreaming, moveLeadership, viewText } from "../../control/leadership";
import { type ClusterView, clusterView, leaderOf } from "../../control/patroni";
import { drainReplica, type Front } from "../../control/traffic";
import { NotYet, until } from "../../control/until";
import type { ContainerAccess, MemberAccess } from "../../model/access";
import { MAXIMUM_LAG_BYTES } from "../../model/render/dynamicConfig";
import { withDeadline } from "../deadline";
import type { StackOutputs } from "../stack/outputs";
import { maintenanceProblems, type Situation } from "./judge";
import { stopOrder } from "./order";

/** The longest grace of a container, and what the engine needs beside it. */
const STOP_MS = 150_000;

/** What is worked on; `near` are the outputs without the parts on hosts that do not answer. */
export interface Work {
  readonly outputs: StackOutputs;
  readonly near: StackOutputs;
  readonly host: string;
  readonly timeoutMs: number;
  readonly note: (text: string) => void;
}

/** Asks members and Consul. */
export async function situation({ outputs, near, host }: Work): Promise<Situation> {
  const { members, consul, consulViewerToken: token } = near.operations;
  const [view, { servers }] = await Promise.all([
    clusterView(members),
    autopilotHealthy({ servers: consul, token }),
  ]);
  return { host, operations: outputs.operations, view, servers };
}

/** Throws when the rest of the cluster would not stay whole. */
export function refuse(found: Situation): void {
  const problems = maintenanceProblems(found);
  if (problems.length === 0) return;
  throw new ControlError({
    doing: `take host ${found.host} out`,
    where: `cluster ${found.view.scope ?? ""}`,
    found: `${problems.join("; ")} [${viewText(found.view)}]`,
    remedy: "Nothing was done. Repair what is named first: ops -- status",
  });
}

/** Takes the host out; returns the names of the containers that it stopped. */
export async function leave(work: Work): Promise<string[]> {
  const { outputs, host, note } = work;
  await leadAway(work);
  const stopped: string[] = [];
  for (const group of stopOrder(outputs, host)) {
    note(`Stopping ${group.map(({ container }) => container).join(", ")} ...`);
    const did = await Promise.all(group.map(stopOne));
    stopped.push(...group.filter((_, index) => did[index]).map(({ container }) => container));
  }
  await restIsWhole(work);
  return stopped;
}

async function leadAway({ near, host, timeoutMs, note }: Work): Promise<void> {
  const { members } = near.operations;
  const front: Front = near.operations;
  const here = members.filter((member) => member.host.name === host);
  const view = await clusterView(members);
  const leader = leaderOf(view)?.name;
  if (leader !== undefined && here.some(({ name }) => name === leader)) {
    const to = candidate(view, leader, members, host);
    note(`Moving leadership from ${leader} to ${to ?? "another host"} ...`);
    const limits = { timeoutMs, maximumLag: MAXIMUM_LAG_BYTES, to, front, note };
    await moveLeadership(members, leader, limits);
  }
  const now = await clusterView(members);
  for (const { name } of here) {
    const seen = now.members.find((member) => member.name === name);
    if (seen?.state !== "streaming") continue;
    note(`Leading readers away from ${name} ...`);
    await drainReplica(front, name, now, note);
  }
}

/** Another host's member: one on the same host would have to move on at once. */
function candidate(
  view: ClusterView,
  leader: string,
  members: readonly MemberAccess[],
  host: string,
): string | undefined {
  const elsewhere = members.filter((member) => member.host.name !== host);
  return chooseCandidate(
    view,
    leader,
    elsewhere.map(({ name }) => name),
  );
}

function stopOne(access: ContainerAccess): Promise<boolean> {
  const call = { doing: "stop the container", where: access.container, timeoutMs: STOP_MS };
  return withDeadline(call, stopContainer(access));
}

/** The others have a leader, and one that streams from it. */
async function restIsWhole({ near, host, timeoutMs }: Work): Promise<void> {
  const members = near.operations.members.filter((member) => member.host.name !== host);
  if (members.length === 0) return;
  const names = members.map(({ name }) => name);
  await until(
    "the rest of the cluster with a leader and a replica that streams",
    { timeoutMs, intervalMs: 500, retry: (error) => error instanceof ControlError },
    async () => {
      const view = await clusterView(members);
      const leader = leaderOf(view)?.name ?? "";
      const streams = view.members.some(
        (seen) => names.includes(seen.name) && isStreaming(seen, MAXIMUM_LAG_BYTES),
      );
      if (!names.includes(leader) || !streams) throw new NotYet(viewText(view));
    },
  );
}
