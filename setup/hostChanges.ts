import { engineId } from "../control/engineId";
import { ControlError, UnreachableError } from "../control/errors";
import { adviceFor, ANSWER_MS } from "./absentHosts";
import { root } from "./paths";
import { say } from "./progress";
import { capturePulumi } from "./pulumiCli";
import { atWork } from "./recover";
import { type Forgotten, forgetHosts } from "./record/forget";
import { keepData, type KeptVolume } from "./record/keepData";
import { type Move, movedHosts, moveHosts } from "./record/move";
import { readRecord, scratchOf, type StackRecord, writeRecord } from "./record/store";
import { forgottenText, keptText, movedText, stillRecordedText } from "./record/text";
import { accessOf, fileFlags, type StackHosts } from "./stackHosts";
import { readProject } from "./stackCopy";
import { projectBackend } from "./state";

/** What a command gets because its stack's hosts are not as they are recorded. */
export interface Followed {
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The record that the environment leads to, where that is not the stack's own. */
  readonly record?: StackRecord;
  /** To be called when the command has ended. */
  end(): void;
}

/** The record as it has to be for the hosts of the stack file, and how it differs. */
interface Edit {
  readonly record: StackRecord;
  readonly forgotten: readonly Forgotten[];
  readonly kept: readonly KeptVolume[];
  readonly moves: readonly Move[];
}

const nothing: Followed = { flags: [], env: {}, end: () => undefined };

/**
 * Pulumi asks and deletes by what is recorded, not by the stack file. So before an `up` hosts of
 * state `retired` leave the record, and hosts with another key or engine get it there. A preview
 * sees the same in a copy. The data of parts that leave stays on its host and leaves the record, too.
 * Nothing on any host is touched.
 *
 * @throws when a host does not answer by its new key, or when the program would refuse the change:
 * the record is then as it was.
 */
export async function followHosts(verb: string, hosts: StackHosts): Promise<Followed> {
  const record = await readRecord(hosts.stack);
  const edit = record && edited(record, hosts);
  if (edit === undefined || edit.record.deployment === record?.deployment) return nothing;
  if (verb !== "up" && verb !== "preview") {
    for (const { host } of edit.forgotten) say(stillRecordedText(host));
    return nothing;
  }
  // The CLI says better than we who is at work, and nothing may be written under its hands.
  if (atWork(readProject(root).name, hosts.stack).length > 0) return nothing;
  await refuseSilent(edit.moves);
  return verb === "up" ? change(edit, hosts) : look(edit, hosts.stack);
}

function edited(record: StackRecord, hosts: StackHosts): Edit {
  const { config, topology } = hosts;
  const { cluster } = config;
  const names = config.hosts.filter(({ state }) => state === "retired").map(({ name }) => name);
  const { deployment, forgotten } = forgetHosts(record.deployment, { cluster, names });
  const moves = movedHosts(deployment, cluster, accessOf(hosts));
  const { consulServers, members, repository } = topology;
  const parts = [...consulServers, ...members, ...(repository ? [repository] : [])];
  const left = keepData(
    moves.length === 0 ? deployment : moveHosts(deployment, cluster, moves),
    parts.map(({ name }) => name),
  );
  return { record: { ...record, deployment: left.deployment }, forgotten, kept: left.kept, moves };
}

async function change(edit: Edit, hosts: StackHosts): Promise<Followed> {
  if (edit.forgotten.length + edit.kept.length > 0) await tryOut(edit, hosts);
  tell(edit);
  // Read again: the try takes seconds.
  const now = await readRecord(hosts.stack);
  if (now !== undefined) await writeRecord(hosts.stack, edited(now, hosts).record);
  return nothing;
}

function tell({ forgotten, kept, moves }: Omit<Edit, "record">): void {
  for (const one of forgotten) say(forgottenText(one));
  for (const one of kept) say(keptText(one));
  for (const move of moves) say(movedText(move));
}

function look({ record, ...changes }: Edit, stack: string): Followed {
  tell(changes);
  if (!projectBackend()) {
    say(
      "The record is changed by `up` only: this preview is of the old one, and looks at no host.",
    );
    return { ...nothing, flags: ["--refresh=false"] };
  }
  say("The record is changed by `up` only: this preview is of a changed copy.");
  const scratch = scratchOf(stack, record);
  return { flags: [], env: scratch.env, record, end: () => scratch.remove() };
}

/**
 * A preview without a look at the hosts: the program may refuse that the host goes (too many members
 * at once, no quorum), and then it has to be as before. Only with the project's own backend.
 */
async function tryOut({ record, forgotten, kept }: Edit, hosts: StackHosts): Promise<void> {
  if (!projectBackend()) return;
  const { stack } = hosts;
  const scratch = scratchOf(stack, record);
  const flags = ["--refresh=false", "--non-interactive", ...fileFlags(hosts)];
  const args = ["preview", "--stack", stack, ...flags];
  try {
    const { code, stdout, stderr } = await capturePulumi(args, scratch.env);
    if (code === 0) return;
    const what = [
      ...forgotten.map(({ host }) => `what ran on ${host} (retired)`),
      ...kept.map(({ volume }) => `volume ${volume}`),
    ];
    const said = `${stdout}${stderr}`;
    throw new Error(
      `A preview without ${what.join(", ")} failed. Nothing was changed: the record is as it was.\n` +
        said.slice(Math.max(0, said.indexOf("Diagnostics:"))).trim(),
    );
  } finally {
    scratch.remove();
  }
}

async function refuseSilent(moves: readonly Move[]): Promise<void> {
  const advice = await adviceFor(moves.map(({ now }) => now));
  if (advice !== undefined) throw new Error(`Nothing was changed. ${advice}`);
  for (const move of moves) await refuseTwin(move);
}

/** Two machines with the members of one host would both be that member to the others. */
async function refuseTwin({ was, now }: Move): Promise<void> {
  const unknown = was.docker.startsWith("ssh://") && was.hostKey === undefined;
  if (was.docker === now.docker || unknown) return;
  let before: string;
  try {
    before = await engineId(was, ANSWER_MS);
  } catch (error) {
    if (error instanceof UnreachableError) return;
    throw error;
  }
  if (before === (await engineId(now, ANSWER_MS))) return;
  throw new ControlError({
    doing: `put another machine in the place of host ${now.name}`,
    where: `${was.docker} as recorded, ${now.docker} in the stack file`,
    found: "both answer, and they are two engines: each would run the same members",
    remedy:
      "Nothing was changed. Remove the cluster's containers on the old machine or switch it off, and run this again.",
  });
}
