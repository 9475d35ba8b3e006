/** What a change does to a running cluster, in plain lines: hot or rolling. Check says refused. */
import { fields, text, type Change, type Label } from "./change";
import { configFilesPlan } from "./configFiles";
import { dynamicConfigPlan } from "./dynamicConfig";
import { backupRoll, consulRoll, endpointRoll, memberRoll } from "./rolling";
import { shapePlan } from "./shape";
import { same } from "../diff";

/** Inputs that only say how something is reached: a change of them does nothing to it. */
const WAYS = ["members", "consul", "managementToken"];

/** By type token. Other types say nothing: what they change is no part of the running cluster. */
const LABELS: Readonly<Record<string, Label>> = {
  "pgha:index:ClusterShape": shapePlan,
  "pgha:index:ConfigFiles": configFilesPlan,
  "pgha:index:DynamicConfig": dynamicConfigPlan,
  "pgha:index:PoolSettings": poolSettingsPlan,
  "pgha:index:Role": inPlace("role"),
  "pgha:index:Database": inPlace("database"),
  "pgha:index:Extension": inPlace("extension"),
  "pgha:index:PoolLookup": inPlace("PgBouncer's lookup"),
  "pgha:index:ConsulAcl": inPlace("Consul's access lists"),
  "pgha:index:Drain": memberRoll,
  "pgha:index:ConsulNode": consulRoll,
  "pgha:index:EndpointGate": endpointRoll,
  "pgha:index:BackupGate": backupRoll,
};

/** The lines of a change; never a value that may be secret, only names. */
export function planLines(type: string, change: Change): string[] {
  return LABELS[type]?.(change) ?? [];
}

/** `hot: role app: password, altered in place`. */
function inPlace(kind: string): Label {
  return ({ news, changed }) => {
    const what = changed.filter((name) => !WAYS.includes(name));
    if (what.length === 0) return [];
    const name = text(news.name);
    return [
      `hot: ${name === undefined ? kind : `${kind} ${name}`}: ${what.join(", ")}, altered in place`,
    ];
  };
}

function poolSettingsPlan({ name, state, news }: Change): string[] {
  const [old, now] = [fields(state.settings), fields(news.settings)];
  const what = Object.keys(now).filter((setting) => !same(old[setting], now[setting]));
  if (what.length === 0) return [];
  const pooler = text(fields(news.pooler).container) ?? name;
  return [`hot: ${pooler}: settings ${what.sort().join(", ")}, set while it runs`];
}
