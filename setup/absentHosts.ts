import { engineAnswers } from "../control/engine";
import { describe } from "../control/errors";
import type { HostAccess } from "../model/access";
import { say } from "./progress";
import { capturePulumi } from "./pulumiCli";
import { recordedHosts } from "./record/move";
import { readRecord } from "./record/store";
import type { StackHosts } from "./stackHosts";

/** Milliseconds that an engine has to answer in. */
export const ANSWER_MS = 5000;

/** A stack whose record is to be compared with what runs, as far as that can be asked. */
export interface PartRefresh {
  readonly stack: string;
  /** The person's own stack file, if one was named. */
  readonly file?: string | undefined;
  /** Names of the hosts that are out. */
  readonly away: readonly string[];
  /** URNs of what is asked. */
  readonly urns: readonly string[];
  /** Hosts that are asked. */
  readonly hosts: readonly HostAccess[];
  /** Leads the CLI to the record. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Looks for drift on the hosts that are not out. A refresh that is part of `up` or `preview` asks
 * all of the record, and targets would keep that command from making what is new; to exclude what
 * is on the silent hosts made Pulumi write a broken state.
 *
 * @throws when it fails; hosts that do not answer are named.
 */
export async function refreshOthers(part: PartRefresh): Promise<void> {
  const { stack, file, away, urns, hosts, env } = part;
  if (urns.length === 0) return;
  say(`Without ${away.join(", ")}, which is unreachable: drift is looked for on the others only.`);
  const own = file === undefined ? [] : ["--config-file", file];
  const targets = urns.flatMap((urn) => ["--target", urn]);
  const args = ["refresh", "--stack", stack, "--yes", "--skip-preview", "--non-interactive"];
  const { code, stdout, stderr } = await capturePulumi([...args, ...own, ...targets], env);
  if (code === 0) return;
  const said = `${stdout}${stderr}`;
  const advice = await adviceFor(hosts);
  throw new Error(
    `Looking for drift without ${away.join(", ")} failed (exit ${code}); nothing was changed on any host.\n` +
      `${said.slice(Math.max(0, said.indexOf("Diagnostics:"))).trim()}${advice === undefined ? "" : `\n\n${advice}`}`,
  );
}

/** After a command failed: which hosts do not answer, and what can be done without them. */
export async function adviseOnHosts(verb: string, hosts: StackHosts | undefined): Promise<void> {
  if (!["up", "preview", "refresh"].includes(verb)) return;
  const remote = (hosts?.topology.hosts ?? []).filter(
    (host) => host.reachable && host.access.docker.startsWith("ssh://"),
  );
  const advice = await adviceFor(remote.map(({ access }) => access));
  if (advice !== undefined) say(`\n${advice}`);
  if (hosts !== undefined) await adviseOnLeftOut(hosts);
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
