/** Hosts that fall silent while a resource is worked on: what waits for them gives up, and says why. */
import { describe, ControlError } from "../control/errors";
import { engineAnswers } from "../control/engine";
import { amid, type Surroundings } from "../control/until";
import type { HostAccess } from "../model/access";
import { accessesIn } from "../model/accessesIn";
import { say } from "./warn";

/** Between two looks; short work is not looked at. */
const LOOK_MS = 10_000;
const ANSWER_MS = 5000;
/** A host that restarts its engine is back earlier, and a leader that was on it has a successor. */
const SILENT_MS = 30_000;

/** How it is found out whether an engine answers; fails where it does not. */
export type Ask = (host: HostAccess, timeoutMs: number) => Promise<void>;

/** What is known of some hosts while work on them is under way. */
export class HostWatch implements Surroundings {
  private readonly silent = new Map<string, { readonly since: number; readonly found: string }>();

  constructor(
    private readonly hosts: readonly HostAccess[],
    private readonly ask: Ask = engineAnswers,
    private readonly now: () => number = Date.now,
  ) {}

  /** Asks all hosts; never fails. */
  async look(): Promise<void> {
    await Promise.all(
      this.hosts.map(async (host) => {
        const at = this.now();
        try {
          await this.ask(host, ANSWER_MS);
          this.silent.delete(host.name);
        } catch (error) {
          const since = this.silent.get(host.name)?.since ?? at;
          this.silent.set(host.name, { since, found: describe(error) });
        }
      }),
    );
  }

  /** How far a wait is, for a person. */
  tell(line: string): void {
    say(line);
  }

  /** The error about a host that has been silent for too long. */
  vain(): ControlError | undefined {
    for (const [name, { since, found }] of this.silent)
      if (this.now() - since >= SILENT_MS)
        return new ControlError({
          doing: "wait for the cluster",
          where: `host ${name}`,
          found: `its engine gives no answer for ${Math.round((this.now() - since) / 1000)} s: ${found}`,
          remedy: `Bring the host back and run \`up\` again, or set \`state: unreachable\` on it to go on without it.`,
        });
    return undefined;
  }
}

/** Does work with hosts that its inputs name; its waits end where one of them falls silent. */
export async function minding<T>(inputs: unknown, work: () => Promise<T>): Promise<T> {
  const hosts = new Map(accessesIn(inputs).map((host) => [host.name, host]));
  const watch = new HostWatch([...hosts.values()]);
  const timer = setInterval(() => void watch.look(), LOOK_MS);
  try {
    return await amid(watch, work);
  } finally {
    clearInterval(timer);
  }
}
