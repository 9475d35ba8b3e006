/** What a changed shape does: members, Consul servers and what clients use come, go and move. */
import { fields, items, text, type Change } from "./change";

/** A line for each of them that differs; what would harm is refused by ClusterShape's Check. */
export function shapePlan({ state, news }: Change): string[] {
  const [oldMembers, members] = [names(state.members), names(news.members)];
  const [oldServers, servers] = [fields(state.consulServers), fields(news.consulServers)];
  const [oldEnds, ends] = [names(state.endpoints), names(news.endpoints)];
  const server = (name: string) => `rolling: Consul server ${name}`;
  return [
    ...without(members, oldMembers).map(
      (name) => `hot: member ${name} is added, it copies the data and then streams`,
    ),
    ...without(oldMembers, members).map(
      (name) => `rolling: member ${name} leaves, its leadership moved before if it leads`,
    ),
    ...without(Object.keys(servers), Object.keys(oldServers)).map(
      (name) => `${server(name)} is added to those that vote`,
    ),
    ...without(Object.keys(oldServers), Object.keys(servers)).map(
      (name) => `${server(name)} leaves those that vote`,
    ),
    ...(oldEnds.length === 0 ? [] : without(ends, oldEnds)).map(
      (name) => `hot: ${name} is added, which clients may use from then on`,
    ),
    ...without(oldEnds, ends).map(
      (name) => `rolling: ${name} is removed, its clients go on by the others of its kind`,
    ),
    ...Object.keys(servers).flatMap((name) => {
      const [old, now] = [text(oldServers[name]), text(servers[name])];
      if (old === undefined || now === undefined || old === now) return [];
      return [`${server(name)} moves from ${old} to ${now}`];
    }),
  ];
}

function names(list: unknown): string[] {
  return items(list).filter((name) => typeof name === "string");
}

function without(all: readonly string[], those: readonly string[]): string[] {
  return all.filter((name) => !those.includes(name));
}
