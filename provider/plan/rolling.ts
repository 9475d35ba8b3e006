/** What a change of a container does: it is replaced in its turn, or limited anew while it runs. */
import { fields, items, text, type Change, type Label } from "./change";

/** A member: only while the others stream, its leadership moved away before. */
export const memberRoll: Label = gated("member", ({ name, news }) => {
  const member = text(fields(news.member).name) ?? name;
  const names = items(news.members).map((one) => text(fields(one).name));
  if (names.length === 1) return alone(member, "member");
  const after = "once the others stream, its leadership moved before if it leads";
  return `${member}${turn(member, names)} is replaced ${after}`;
});

/** A Consul server, which has a vote, or an agent. */
export const consulRoll: Label = gated("node", ({ name, news }) => {
  const node = text(fields(news.node).container) ?? name;
  if (news.raftAddress === undefined) {
    const all = items(news.agents).map((one) => text(fields(one).container));
    return `${node}${turn(node, all)} is replaced, a Consul agent: Patroni of its host is without it meanwhile`;
  }
  const names = items(news.servers).map((one) => text(fields(one).container));
  if (names.length === 1) return alone(node, "Consul server");
  return `${node}${turn(node, names)} is replaced once the other Consul servers are well`;
});

/** An HAProxy or a PgBouncer. */
export const endpointRoll: Label = gated("endpoint", ({ name, news }) => {
  const endpoint = text(fields(news.endpoint).container) ?? name;
  const kind = news.kind === "haproxy" ? "HAProxy" : "PgBouncer";
  const pools = items(news.through).map((one) => text(fields(fields(one).pooler).container));
  const wait =
    pools.length === 0 ? "" : `; ${pools.join(", ")} hold their clients until it is back`;
  const others = items(news.others).length;
  if (others === 0) return `${alone(endpoint, kind)}${wait}`;
  const place = typeof news.before === "number" ? ` (${news.before + 1} of ${others + 1})` : "";
  return `${endpoint}${place} is replaced once the others of its kind serve${wait}`;
});

/** A container of pgBackRest: backups wait for it, and WAL for the repository; clients do not. */
export const backupRoll: Label = gated("container", ({ name, news }) => {
  const container = text(fields(news.container).container) ?? name;
  const stores = container === text(fields(news.repository).container);
  const wait = stores ? "; the members keep their WAL until it is back" : "";
  return `${container} is replaced once no backup runs, or after a minute${wait}`;
});

/** The label of a gate, by the input that says which container it stands before. */
function gated(of: string, sentence: (change: Change) => string): Label {
  return (change) => {
    const { state, news, changed, name } = change;
    if (changed.includes("trigger")) return [`rolling: ${sentence(change)}`];
    // One that is recorded without a limit is of an older version of this program.
    if (!changed.includes("memoryMiB") || typeof state.memoryMiB !== "number") return [];
    const container = text(fields(news[of]).container) ?? name;
    const limits = `${state.memoryMiB} -> ${String(news.memoryMiB)} MiB`;
    return [`hot: ${container}: memory limit ${limits}, set while it runs`];
  };
}

function alone(name: string, kind: string): string {
  return `${name} is replaced, and there is no other ${kind} to serve meanwhile`;
}

/** ` (2 of 3)`; nothing where it is not among them. */
function turn(name: string, all: readonly (string | undefined)[]): string {
  const place = all.indexOf(name) + 1;
  return place === 0 ? "" : ` (${place} of ${all.length})`;
}
