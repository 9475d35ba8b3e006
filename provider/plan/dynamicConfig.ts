/** What a changed dynamic configuration does: a reload, or PostgreSQL restarted in turn. */
import { lowersStandbyLimit, restartFor } from "../../model/restartParameters";
import { same } from "../diff";
import { tooFewMembers } from "../quorum";
import type { Props } from "../secrets";
import { PENDING } from "../types/dynamicConfig";
import { fields, items, text, type Change } from "./change";

/** Lines of the parameters by what they want, and of Patroni's own settings. */
export function dynamicConfigPlan({ state, news, changed }: Change): string[] {
  if (!changed.includes("config")) return [];
  const { [PENDING]: pending, ...live } = fields(state.config);
  const [old, now] = [parametersOf(live), parametersOf(fields(news.config))];
  const names = differing(old, now);
  const wanting = (restart: string) => names.filter((name) => restartFor(name) === restart);
  const lowered = names.filter((name) => lowersStandbyLimit(name, old[name], now[name]));
  const near = items(news.members).length;
  const waits = tooFewMembers({ near, out: Number(news.unreachable ?? 0) });
  const roll = waits
    ? "PostgreSQL is not restarted before the host that is out is back"
    : restarts(near, lowered);
  const waiting = text(pending);
  const must = [
    ...wanting("always"),
    ...(waiting === undefined ? [] : [`what ${waiting} already waits for`]),
  ];
  return [
    ...line("hot: parameters", wanting("never"), ", reloaded"),
    ...line("hot: Patroni's", settings(live, fields(news.config)), ", taken over while it runs"),
    ...line("rolling:", must, `: ${roll}`),
    ...line("rolling:", wanting("perhaps"), `: reloaded, and where that is not enough ${roll}`),
  ];
}

function line(start: string, what: readonly string[], end: string): string[] {
  return what.length === 0 ? [] : [`${start} ${what.join(", ")}${end}`];
}

function restarts(members: number, lowered: readonly string[]): string {
  if (members === 1) return "PostgreSQL restarts, and there is no other member to serve meanwhile";
  const turn =
    "PostgreSQL restarts one member at a time, replicas first, then the leader after its leadership moved";
  if (lowered.length === 0) return turn;
  return `${turn}; as ${lowered.join(", ")} is lowered, then all once more, the leader first and where it is, which closes its connections`;
}

/** Names of what is not a PostgreSQL parameter: `ttl`, `postgresql.use_slots`. */
function settings(old: Props, now: Props): string[] {
  const own = ({ postgresql: _, ...rest }: Props): Props => rest;
  const below = (config: Props): Props => {
    const { parameters: _, ...rest } = fields(config.postgresql);
    return rest;
  };
  const nested = differing(below(old), below(now)).map((name) => `postgresql.${name}`);
  return [...differing(own(old), own(now)), ...nested];
}

function parametersOf(config: Props): Props {
  return fields(fields(config.postgresql).parameters);
}

function differing(old: Props, now: Props): string[] {
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].filter((name) => !same(old[name], now[name])).sort();
}
