/** Hosts that are out: a refresh of the others does not ask them. */
import { isDeepStrictEqual } from "node:util";
import { withoutHosts } from "../model/accessesIn";
import type { Props } from "./secrets";
import type { AnyType } from "./type";

/** Names of the hosts of state `unreachable`; set by `npm run up` for the refresh before it. */
function awayHosts(): ReadonlySet<string> {
  return new Set((process.env.PGHA_AWAY ?? "").split(",").filter(Boolean));
}

/**
 * Reads live values without asking hosts that are out. The ways to them stay in the state: it is
 * they that are asked when the host is back.
 */
export async function readNear(
  type: Pick<AnyType, "read">,
  state: Props,
): Promise<Props | undefined> {
  const away = awayHosts();
  if (away.size === 0) return type.read(state);
  const asked = withoutAway(state, away);
  // Nobody is left to ask, which is not to say that there is nothing.
  if (Object.keys(state).some((key) => isEmptied(state[key], asked[key]))) return state;
  const live = await type.read(asked);
  if (live === undefined) return undefined;
  const untouched = Object.keys(live).filter((key) => isDeepStrictEqual(live[key], asked[key]));
  return { ...live, ...Object.fromEntries(untouched.map((key) => [key, state[key]])) };
}

function isEmptied(before: unknown, after: unknown): boolean {
  return Array.isArray(before) && before.length > 0 && (after as unknown[]).length === 0;
}

/** A type that is told how many members cannot be reached is told of these. */
function withoutAway(state: Props, away: ReadonlySet<string>): Props {
  const near = withoutHosts(state, away) as Props;
  const { unreachable, members } = state;
  if (typeof unreachable !== "number" || !Array.isArray(members)) return near;
  const left = (near.members as unknown[]).length;
  return { ...near, unreachable: unreachable + members.length - left };
}
