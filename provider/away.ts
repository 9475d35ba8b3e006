/** Hosts that are out: a refresh of the others does not ask them. */
import { isDeepStrictEqual } from "node:util";
import { hostIn, withoutHosts } from "../model/accessesIn";
import type { Props } from "./secrets";
import type { AnyType } from "./type";

/** Names of the hosts of state `unreachable`; set by `npm run up`. */
function awayHosts(): ReadonlySet<string> {
  return new Set((process.env.PGHA_AWAY ?? "").split(",").filter(Boolean));
}

/**
 * Reads live values without asking hosts that are out. The ways to them stay in the state: it is
 * they that are asked when the host is back.
 */
export async function readNear(
  type: Pick<AnyType, "read" | "access">,
  state: Props,
): Promise<Props | undefined> {
  const asked = nearOnly(state);
  if (asked === state) return type.read(state);
  // Nobody is left to ask, which is not to say that there is nothing.
  const ways = [...(type.access ?? []), "members"];
  if (ways.some((key) => isEmptied(state[key], asked[key]))) return state;
  const live = await type.read(asked);
  if (live === undefined) return undefined;
  const whole = Object.keys(live).map((key) => [key, withAway(live[key], asked[key], state[key])]);
  return Object.fromEntries(whole) as Props;
}

/** What was read, with the ways that were not asked: they are as recorded. */
function withAway(live: unknown, asked: unknown, recorded: unknown): unknown {
  if (isDeepStrictEqual(live, asked)) return recorded;
  if (!Array.isArray(live) || !Array.isArray(recorded)) return live;
  const away = awayHosts();
  const left = (recorded as unknown[]).filter((part) => away.has(hostIn(part) ?? ""));
  return [...(live as unknown[]), ...left];
}

function isEmptied(before: unknown, after: unknown): boolean {
  return Array.isArray(before) && before.length > 0 && (after as unknown[]).length === 0;
}

/**
 * A state without the ways to hosts that are out; the very same where there are none. A type that is
 * told how many members cannot be reached is told of these.
 */
export function nearOnly(state: Props): Props {
  const away = awayHosts();
  if (away.size === 0) return state;
  const near = withoutHosts(state, away) as Props;
  const { unreachable, members } = state;
  if (typeof unreachable !== "number" || !Array.isArray(members)) return near;
  const left = (near.members as unknown[]).length;
  return { ...near, unreachable: unreachable + members.length - left };
}
