/** Ready: the condition of `up`. Create and Update return when the cluster is true, else fail. */
import type { ReadyInputs, ReadyState } from "../../model/resources";
import { ControlError, describe } from "../../control/errors";
import { clusterView, leaderOf, memberStatus } from "../../control/patroni";
import { presence } from "../../control/presence";
import { awaitCondition, membersPart } from "../../control/readiness";
import { define } from "../type";

async function check(inputs: ReadyInputs): Promise<ReadyState> {
  await awaitCondition(inputs);
  return { ...inputs, systemIdentifier: await systemIdentifier(inputs) };
}

async function systemIdentifier(inputs: ReadyInputs): Promise<string> {
  const leader = leaderOf(await clusterView(inputs.members));
  const member = inputs.members.find((item) => item.name === leader?.name);
  if (member === undefined)
    throw new Error("the leader went away just after everything was ready: run `up` again");
  return (await memberStatus(member)).database_system_identifier ?? "";
}

/**
 * A container that does not run, or a member that does not stream, makes the condition untrue:
 * shown, and waited for by the `up` that follows. All else that `up` repairs waits for itself.
 */
async function read(state: ReadyState): Promise<ReadyState> {
  const { absent } = await presence(state.containers);
  if (absent.length > 0) return { ...state, trigger: absent.join(", ") };
  try {
    await membersPart(state.members).check();
    return state;
  } catch (error) {
    return { ...state, trigger: `members not ready: ${describe(error)}` };
  }
}

/** Another system identifier is another cluster: its data is not what was recorded here. */
async function checkAgain(old: ReadyState, news: ReadyInputs): Promise<ReadyState> {
  const now = await check(news);
  if (old.systemIdentifier === "" || old.systemIdentifier === now.systemIdentifier) return now;
  throw new ControlError({
    doing: "compare the cluster with the one that was recorded",
    where: `members ${news.members.map((member) => member.name).join(", ")}`,
    found: `system identifier ${now.systemIdentifier}; recorded was ${old.systemIdentifier}: this is another, newly made cluster`,
    remedy:
      "Find out where the old data volumes went before anything is written; a backup of them is in the repository.",
  });
}

/** A failure leaves no state behind, or the old one: the next `up` checks again. */
export const ready = define<ReadyInputs, ReadyState>({
  type: "pgha:index:Ready",
  secretFields: ["password"],
  computed: ["systemIdentifier"],
  ignored: ["timeoutSeconds"],
  create: async (inputs) => ({ id: "ready", state: await check(inputs) }),
  read,
  update: checkAgain,
  delete: () => Promise.resolve(),
});
