/** Programs inside the members that tell at once when one of them takes writes as the leader. */
import type { MemberAccess } from "../model/access";
import { Conversation } from "./conversation";
import { ControlError, describe } from "./errors";

/** Seconds after which the programs end by themselves. */
const WATCH_SECONDS = 90;
const FIRST_MS = 60_000;

/** Members that are watched. */
export interface LeaderWatch {
  /** Name of the first one that leads; fails when none does within 60 s. */
  first(): Promise<string>;
  /** Ends the programs. */
  end(): void;
}

/**
 * Watches members from inside, where a look costs a tenth of one from here. One that cannot be
 * watched cannot lead either; with none there is an error.
 */
export async function watchForLeader(members: readonly MemberAccess[]): Promise<LeaderWatch> {
  const argv = ["await-lead", String(WATCH_SECONDS)];
  const begun = await Promise.allSettled(
    members.map(async (member) => ({ member, talk: await Conversation.begin(member, argv) })),
  );
  const watched = begun.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (watched.length === 0) throw nobody(members, begun.map(reason));
  const first = async ({ member, talk }: (typeof watched)[number]): Promise<string> => {
    await talk.hear("leads", FIRST_MS);
    return member.name;
  };
  return {
    first: () =>
      Promise.any(watched.map(first)).catch((error: AggregateError) => {
        throw nobody(members, error.errors.map(describe));
      }),
    end: () => watched.forEach(({ talk }) => talk.end()),
  };
}

function reason(one: PromiseSettledResult<unknown>): string {
  return one.status === "rejected" ? describe(one.reason) : "";
}

function nobody(members: readonly MemberAccess[], found: readonly string[]): ControlError {
  return new ControlError({
    doing: "wait for a new leader that takes writes",
    where: `members ${members.map(({ name }) => name).join(", ")}`,
    found: found.join("; "),
    remedy: "Look who leads: npm run ops -- status. Then run `up` again.",
  });
}
