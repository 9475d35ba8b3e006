/** Patroni's maintenance mode: nothing fails over, restarts or is promoted by itself. */
import type { MemberAccess } from "../model/access";
import { unreachable } from "./errors";
import { httpFrom } from "./http";
import { clusterView, patchConfig } from "./patroni";
import { NotYet, until } from "./until";

/**
 * Pauses or resumes automatic failover, and returns once every member that runs knows of it. The
 * key is not one that the program owns: no drift, and no `up` undoes it.
 */
export async function setPause(
  members: readonly MemberAccess[],
  paused: boolean,
  timeoutMs: number,
): Promise<void> {
  // Patroni's own tool removes the key to resume.
  await patchConfig(members, { pause: paused ? true : null });
  const end = Date.now() + timeoutMs;
  const { members: seen } = await clusterView(members);
  const up = seen
    .filter(({ state }) => state === "running" || state === "streaming")
    .map(({ name }) => name);
  await Promise.all(
    members
      .filter(({ name }) => up.includes(name))
      .map((member) => knows(member, paused, Math.max(0, end - Date.now()))),
  );
}

async function knows(member: MemberAccess, paused: boolean, timeoutMs: number): Promise<void> {
  const { address, apiPort: port, name } = member;
  const wanted = paused ? "paused" : "resumed";
  await until(`${name} ${wanted}`, { timeoutMs, intervalMs: 300, retry: unreachable }, async () => {
    const request = { method: "GET", path: "/patroni", address, port, timeoutMs: 5000 } as const;
    const status = JSON.parse((await httpFrom(member, request)).body) as { pause?: boolean };
    if ((status.pause === true) !== paused) throw new NotYet("its Patroni has not read it yet");
  });
}
