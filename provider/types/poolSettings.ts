/** PoolSettings: live settings of a PgBouncer; its file is a ConfigFiles resource. */
import type { PoolSettingsInputs } from "../../model/resources";
import { unreachable } from "../../control/errors";
import { reloadPool, showConfig, type Pooler } from "../../control/pgbouncer";
import { NotYet, until } from "../../control/until";
import { readOrGone } from "../gone";
import { define } from "../type";

const APPLY_MS = 30_000;

function pooler(inputs: PoolSettingsInputs): Pooler {
  return { access: inputs.pooler, socketDirectory: inputs.socketDirectory, port: inputs.port };
}

/** Live values of the declared settings; one that PgBouncer does not know is left out. */
async function live(inputs: PoolSettingsInputs): Promise<Record<string, string>> {
  const config = await showConfig(pooler(inputs));
  const names = Object.keys(inputs.settings).filter((name) => config.has(name));
  return Object.fromEntries(names.map((name) => [name, config.get(name) ?? ""]));
}

async function apply(inputs: PoolSettingsInputs): Promise<PoolSettingsInputs> {
  const what = `PgBouncer in ${inputs.pooler.container} with the declared settings`;
  await until(what, { timeoutMs: APPLY_MS, intervalMs: 500, retry: unreachable }, async () => {
    await reloadPool(pooler(inputs));
    const found = await live(inputs);
    const wrong = Object.entries(inputs.settings)
      .filter(([name, value]) => found[name] !== value)
      .map(([name, value]) => `${name} is ${found[name] ?? "unknown to it"}, not ${value}`);
    if (wrong.length > 0) throw new NotYet(wrong.join(", "));
  });
  return inputs;
}

/** Delete does nothing: the settings go with the process. */
export const poolSettings = define<PoolSettingsInputs, PoolSettingsInputs>({
  type: "pgha:index:PoolSettings",
  secretFields: [],
  computed: [],
  create: async (inputs) => ({ id: inputs.pooler.container, state: await apply(inputs) }),
  read: (state) =>
    readOrGone("PgBouncer", [state.pooler], async () => ({
      ...state,
      settings: await live(state),
    })),
  update: (_, news) => apply(news),
  delete: () => Promise.resolve(),
});
