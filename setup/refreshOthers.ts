import { adviceFor } from "./absentHosts";
import type { Followed } from "./hostChanges";
import { root, tools } from "./paths";
import { attached } from "./process";
import { say } from "./progress";
import { parsePulumiArgs, type PulumiCommand } from "./pulumiArgs";
import { prepare } from "./pulumiCli";
import { atWork } from "./recover";
import { askedWithout } from "./record/asked";
import { readRecord, scratchOf } from "./record/store";
import { readProject } from "./stackCopy";
import { accessOf, fileFlags, type StackHosts } from "./stackHosts";
import { projectBackend, pulumiEnv } from "./state";

const NO_REFRESH = ["--refresh=false"];

/** Tells the provider which hosts it does not ask. */
const AWAY = "PGHA_AWAY";

/**
 * Looks for drift where hosts are out (`state: unreachable`), and has the command itself look for
 * none. A refresh that is part of `up` or `preview` asks all of the record, and targets would keep
 * that command from making what is new; to exclude what is on the silent hosts made Pulumi write a
 * broken state. What was found is recorded, as by a refresh that is given alone; for a preview in a
 * copy.
 *
 * @param followed What the command got so far.
 * @returns the same with what it gets on top; it is ended where this throws.
 * @throws when the refresh fails; hosts that do not answer are named.
 */
export async function refreshOthers(
  command: PulumiCommand,
  hosts: StackHosts,
  followed: Followed,
): Promise<Followed> {
  const away = hosts.topology.hosts.filter((host) => !host.reachable);
  if (away.length === 0 || !["up", "preview"].includes(command.verb)) return followed;
  const names = away.map(({ access }) => access.name);
  const without = {
    ...followed,
    flags: [...followed.flags, ...NO_REFRESH],
    env: { ...followed.env, [AWAY]: names.join(",") },
  };
  const why = whyNot(command, hosts.stack);
  if (why !== undefined) {
    say(`Without ${names.join(", ")} (unreachable) drift is looked for on no host: ${why}.`);
    return without;
  }
  const ready = await copied(command.verb, hosts.stack, without);
  try {
    await refresh(ready, hosts, names);
    return ready;
  } catch (error) {
    ready.end();
    throw error;
  }
}

/** Why no host is asked at all. */
function whyNot({ verb, refresh, partial }: PulumiCommand, stack: string): string | undefined {
  if (!refresh) return "--refresh=false";
  if (partial) return "the command is for a part of the stack";
  if (verb === "preview" && !projectBackend())
    return "a preview writes nothing, and with this backend there is no copy of the record to look into";
  // The CLI says better than we who is at work, and nothing may be written under its hands.
  return atWork(readProject(root).name, stack).length > 0
    ? "another command is at work"
    : undefined;
}

/** A preview gets a copy of the record, unless it has one. */
async function copied(verb: string, stack: string, followed: Followed): Promise<Followed> {
  if (verb !== "preview" || followed.record !== undefined) return followed;
  const record = await readRecord(stack);
  if (record === undefined) return followed;
  const scratch = scratchOf(stack, record);
  return {
    ...followed,
    env: { ...followed.env, ...scratch.env },
    record,
    end: () => scratch.remove(),
  };
}

async function refresh(followed: Followed, hosts: StackHosts, away: string[]): Promise<void> {
  const { stack, config } = hosts;
  const record = followed.record ?? (await readRecord(stack));
  const { cluster } = config;
  const urns = record ? askedWithout(record.deployment, { cluster, names: away }) : [];
  if (urns.length === 0) return;
  say(`Without ${away.join(", ")} (unreachable): first a look for drift, on the others only.`);
  const args = ["refresh", "--stack", stack, "--yes", "--skip-preview", "--suppress-outputs"];
  const all = [...args, ...fileFlags(hosts), ...urns.flatMap((urn) => ["--target", urn])];
  const ready = prepare(all, parsePulumiArgs(all));
  const env = { ...pulumiEnv(), ...followed.env };
  const options = { cwd: ready.cwd, env, aside: true };
  const code = await attached(tools("bin", "pulumi"), ready.args, options);
  if (code === 0) return;
  const advice = await adviceFor(accessOf(hosts));
  throw new Error(
    `Looking for drift without ${away.join(", ")} ended with ${code}; what it said is above. ` +
      `Nothing was changed on any host.${advice === undefined ? "" : `\n\n${advice}`}`,
  );
}
