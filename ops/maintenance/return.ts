/** A host comes back: its containers started, and waited for until they do their work. */
import { autopilotHealthy } from "../../control/consul";
import { startContainer } from "../../control/engine";
import { ControlError } from "../../control/errors";
import { notReady, viewText } from "../../control/leadership";
import { clusterView } from "../../control/patroni";
import { NotYet, until } from "../../control/until";
import { MAXIMUM_LAG_BYTES } from "../../model/render/dynamicConfig";
import { withDeadline } from "../deadline";
import { findEndpoints } from "../status/endpoints";
import { hostsOf } from "../status/hosts";
import type { Work } from "./leave";
import { startOrder } from "./order";

const START_MS = 60_000;

/** Brings the host back; returns the names of the containers that it started. */
export async function comeBack(work: Work): Promise<string[]> {
  const { outputs, host, note } = work;
  const started: string[] = [];
  for (const group of startOrder(outputs, host)) {
    for (const access of group) {
      const call = { doing: "start the container", where: access.container, timeoutMs: START_MS };
      if (await withDeadline(call, startContainer(access))) started.push(access.container);
    }
  }
  if (started.length > 0) note(`Started ${started.join(", ")}; waiting until they work ...`);
  const end = Date.now() + work.timeoutMs;
  const wait = (what: string, probe: () => Promise<void>): Promise<void> =>
    until(
      what,
      {
        timeoutMs: Math.max(0, end - Date.now()),
        intervalMs: 500,
        retry: (error) => error instanceof ControlError,
      },
      probe,
    );
  await wait(`Consul on host ${host} healthy`, () => consulHealthy(work));
  await wait(`members on host ${host} streaming`, () => membersStream(work));
  await wait(`endpoints on host ${host} answering`, () => endpointsAnswer(work));
  return started;
}

async function consulHealthy({ near, host }: Work): Promise<void> {
  const { consul, consulViewerToken: token } = near.operations;
  const here = consul.filter((server) => server.host.name === host);
  if (here.length === 0) return;
  const { servers, found } = await autopilotHealthy({ servers: consul, token });
  const well = (name: string): boolean => servers.some((one) => one.name === name && one.healthy);
  if (!here.every(({ container }) => well(container))) throw new NotYet(found);
}

async function membersStream({ near, host }: Work): Promise<void> {
  const here = near.operations.members.filter((member) => member.host.name === host);
  if (here.length === 0) return;
  const view = await clusterView(near.operations.members);
  const problems = notReady(view, here, undefined, MAXIMUM_LAG_BYTES);
  if (problems.length > 0) throw new NotYet(`${problems.join(", ")} [${viewText(view)}]`);
}

async function endpointsAnswer({ outputs, host }: Work): Promise<void> {
  const others = hostsOf(outputs).map(({ name }) => name);
  const dead = new Set(others.filter((name) => name !== host));
  const rows = (await findEndpoints(outputs, dead)).filter(({ runsOn }) => runsOn === host);
  const silent = rows.filter(({ error }) => error !== null);
  if (silent.length === 0) return;
  throw new NotYet(silent.map(({ kind, port, error }) => `${kind} (${port}): ${error}`).join("; "));
}
