/** What changed files do: written, then read again by the process that runs. */
import { posix } from "node:path";
import { same } from "../diff";
import { hasUnknown } from "../secrets";
import { PENDING } from "../types/configFiles";
import { fields, items, text, type Change } from "./change";

/** `hot: orders-pg1-haproxy-1: files haproxy.cfg, reloaded by SIGUSR2, ...` */
export function configFilesPlan(change: Change): string[] {
  const { news, name } = change;
  const owner = posix.basename(text(news.directory) ?? name);
  const paths = changedFiles(change);
  const what = paths.filter((path) => path !== PENDING);
  if (paths.length === 0) return [];
  const files = what.length > 0 ? `files ${what.join(", ")}` : "files written by an `up` that died";
  const told = [...new Set(items(news.reload).map(how))].join(" and ");
  const reloaded = told === "" ? [] : [`reloaded by ${told}`];
  return [`hot: ${owner}: ${[files, ...reloaded, ...effect(change, what)].join(", ")}`];
}

function changedFiles({ state, news }: Change): string[] {
  const [old, now] = [fields(state.files), fields(news.files)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((path) => hasUnknown(now[path]) || !same(old[path], now[path]))
    .sort();
}

function how(reload: unknown): string {
  const { signal, exec } = fields(reload);
  return text(signal) ?? items(exec).join(" ");
}

/** What clients notice, by the process that reads the files. */
function effect({ news }: Change, changed: readonly string[]): string[] {
  const files = fields(news.files);
  const served = ["haproxy.cfg", "patroni.yml", "pgbouncer.ini"];
  if (served.some((path) => path in files)) return ["no connection is dropped"];
  if (changed.includes("consul.json"))
    return ["what Consul reads at its start only waits for the next one"];
  return [];
}
