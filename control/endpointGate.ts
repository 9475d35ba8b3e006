/** Before an HAProxy or a PgBouncer is replaced: the others serve, and pools wait for it. */
import type { ContainerAccess } from "../model/access";
import type { EndpointGateInputs, ThroughHaproxy } from "../model/resources";
import { containerState, place } from "./docker";
import { ControlError, describe, unreachable } from "./errors";
import { execChecked } from "./exec";
import { serverStatus } from "./haproxy";
import { pauseUntilBack } from "./poolPause";
import { NotYet, until } from "./until";

/** Who holds a pause gives up after this: a replacement takes 2 to 4 s. */
const PAUSE_SECONDS = 20;
/** Transactions that run longer are cut off: waiting would stall all others. */
const WAIT_SECONDS = 3;
const LOOK_MS = 8000;

type Note = (text: string) => void;

/**
 * Returns when an endpoint may be taken out: every other one of its kind serves, and the pools that
 * go through it are paused until it is back.
 *
 * @throws ControlError where another one does not serve in time.
 */
export async function endpointMayGo(inputs: EndpointGateInputs, note: Note): Promise<void> {
  const { endpoint, others, through } = inputs;
  if (!(await containerState(endpoint)).running) return;
  await Promise.all(others.map((other) => serving(inputs, other)));
  if (others.length === 0)
    note(`${endpoint.container} is replaced with no other in its place: its clients reconnect`);
  await Promise.all(through.map((one) => waitForIt(one, note)));
}

async function serving(inputs: EndpointGateInputs, other: ContainerAccess): Promise<void> {
  const { kind, endpoint, timeoutSeconds } = inputs;
  const limits = { timeoutMs: timeoutSeconds * 1000, intervalMs: 500, retry: unreachable };
  try {
    await until(`${other.container} serving`, limits, () => serves(kind, other));
  } catch (error) {
    throw new ControlError(
      {
        doing: `take ${endpoint.container} out for a moment`,
        where: place(other),
        found: describe(error),
        remedy:
          `Nothing was taken out. Repair ${other.container} first (an \`up\` without this change makes a ` +
          "missing container again), then run `up` again.",
      },
      error,
    );
  }
}

async function serves(kind: EndpointGateInputs["kind"], one: ContainerAccess): Promise<void> {
  const { running, status } = await containerState(one);
  if (!running) throw new NotYet(`it is ${status}`);
  await execChecked(one, ["healthcheck"], { timeoutMs: LOOK_MS });
  if (kind === "haproxy") reachesLeader(await serverStatus(one, "primary"));
}

/**
 * Throws unless just one member of the backend is up: at its start HAProxy takes all of them for it.
 * The rows of the backend itself are no members.
 */
export function reachesLeader(status: ReadonlyMap<string, string>): void {
  const members = [...status].filter(([name]) => !["FRONTEND", "BACKEND"].includes(name));
  if (members.filter(([, said]) => said.startsWith("UP")).length === 1) return;
  const seen = members.map(([name, said]) => `${name} ${said}`).join(", ");
  throw new NotYet(`it does not know one leader: ${seen || "it has no members"}`);
}

/** Without a pause clients meet a broken connection, which is no reason to stay on what is old. */
async function waitForIt({ pooler, ...behind }: ThroughHaproxy, note: Note): Promise<void> {
  if (!(await containerState(pooler)).running) return;
  try {
    await pauseUntilBack(pooler, behind, { seconds: PAUSE_SECONDS, waitSeconds: WAIT_SECONDS });
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    note(`going on without a pause of the pools: ${describe(error)}`);
  }
}
