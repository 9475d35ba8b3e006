/** DynamicConfig: the part of Patroni's dynamic configuration that the program owns. */
import type { DynamicConfigInputs } from "../../model/resources";
import { unreachable } from "../../control/errors";
import { changes, merged, ownedPart, patchFor } from "../../control/mergePatch";
import { clusterView, getConfig, leaderOf, patchConfig } from "../../control/patroni";
import { configApplied, pendingRestart, rollingRestart } from "../../control/restart";
import { NotYet, until } from "../../control/until";
import { readOrGone } from "../gone";
import { tooFewMembers } from "../quorum";
import { define } from "../type";
import { warn } from "../warn";

const LEADER_MS = 180_000;
const APPLY_MS = 120_000;
/**
 * Shown by Read beside the live values while a member waits for a restart: it makes a difference,
 * so that an interrupted rolling restart is taken up by the next `up`.
 */
export const PENDING = "(restart pending)";

async function apply(old: Record<string, unknown>, inputs: DynamicConfigInputs): Promise<void> {
  const { members, config } = inputs;
  const live = await until(
    "a leader",
    { timeoutMs: LEADER_MS, intervalMs: 500, retry: unreachable },
    async () => {
      const view = await clusterView(members);
      if (leaderOf(view) === undefined) throw new NotYet("the cluster has no leader");
      const found = await getConfig(members);
      if (found === undefined) throw new NotYet("the cluster has no dynamic configuration yet");
      return found;
    },
  );
  const { [PENDING]: _, ...before } = old;
  // What is owned and live but not declared goes, whatever the state knew of it.
  const patch = patchFor(merged(before, ownedPart(live, config)), config);
  if (changes(live, patch)) {
    await patchConfig(members, patch);
    await configApplied(members, APPLY_MS);
  }
  if (!tooFew(inputs))
    return rollingRestart(members, { haproxies: inputs.haproxies, poolers: inputs.poolers }, warn);
  const pending = await pendingRestart(members);
  if (pending.length > 0)
    warn(`${pending.join(", ")} wait for a restart, until the host that is out is back: ${LEFT}`);
}

const LEFT = "without the one that restarts there would be no leader with a streaming replica";

function tooFew({ members, unreachable }: DynamicConfigInputs): boolean {
  return tooFewMembers({ near: members.length, out: unreachable });
}

async function read(state: DynamicConfigInputs): Promise<DynamicConfigInputs | undefined> {
  const live = await getConfig(state.members);
  if (live === undefined) return undefined;
  const { [PENDING]: _, ...owned } = state.config;
  const pending = await pendingRestart(state.members);
  const shown = pending.length === 0 ? {} : { [PENDING]: pending.join(", ") };
  return { ...state, config: { ...ownedPart(live, owned), ...shown } };
}

/** Delete does nothing: the configuration goes with the consensus store. */
export const dynamicConfig = define<DynamicConfigInputs, DynamicConfigInputs>({
  type: "pgha:index:DynamicConfig",
  secretFields: [],
  computed: [],
  access: ["members"],
  ignored: ["unreachable", "haproxies", "poolers"],
  async create(inputs) {
    await apply({}, inputs);
    return { id: "config", state: inputs };
  },
  read: (state) => readOrGone("Patroni", state.members, () => read(state)),
  async update(state, news) {
    await apply(state.config, news);
    return news;
  },
  delete: () => Promise.resolve(),
});
