/** HAProxies that can be told of a new leader without a program having to be started for it. */
import type { ContainerAccess } from "../model/access";
import { Conversation } from "./conversation";
import { place } from "./docker";
import { ControlError, excerpt } from "./errors";

/** After this the new leader takes readers again, should it be a replica once more. */
const DRAIN_SECONDS = 60;
const ANSWER_MS = 10_000;

/** HAProxies that wait for the word. */
export interface Helm {
  /** Tells every one at once what its checks would find a second or two later. */
  steer(from: string, to: string): Promise<void>;
  /** Lets go of them; what was not steered stays as it is. */
  end(): void;
}

/** Starts what waits in each HAProxy. */
export async function takeHelm(haproxies: readonly ContainerAccess[]): Promise<Helm> {
  const talks = await Promise.all(
    haproxies.map(async (haproxy) => ({
      haproxy,
      talk: await Conversation.begin(haproxy, ["steer", String(DRAIN_SECONDS)]),
    })),
  );
  return {
    steer: async (from, to) => {
      await Promise.all(
        talks.map(async ({ haproxy, talk }) => {
          talk.say(`${from} ${to}`);
          refuse(haproxy, await talk.hear("done", ANSWER_MS));
          // It goes on by itself, to end the drain.
          talk.leave();
        }),
      );
    },
    end: () => talks.forEach(({ talk }) => talk.end()),
  };
}

/** HAProxy says something only when it refuses; a member that is about to leave is not known any more. */
function refuse(haproxy: ContainerAccess, answer: string): void {
  const said = answer.replace(/^(done|no such (server|backend)\b.*)$/gim, "").trim();
  if (said === "") return;
  throw new ControlError({
    doing: "tell who leads now",
    where: place(haproxy),
    found: excerpt(said),
    remedy: "Look whether its configuration has these servers: `up` writes it.",
  });
}
