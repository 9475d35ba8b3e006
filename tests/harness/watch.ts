import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "pg";
import { connect, type Target } from "./dialler";
import type { Sample } from "./samples";

const EVERY_MS = 200;
/**
 * A member that gives no answer within this does not lead at that moment: the most that a client may wait
 * by the design. A shorter silence is no "I do not lead" (two cores that carry three hosts may stand still
 * for a second): `silences` tells of it, and the writers measure what it costs.
 */
const ANSWER_MS = 3000;

/** A member by its own port, as a role that may see who streams. */
export interface Watched {
  readonly name: string;
  readonly target: Target;
}

interface Said {
  readonly replica: boolean;
  readonly streaming: string[] | null;
}

interface Answer extends Said {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly saidAt: number;
}

const ASK = `SELECT pg_is_in_recovery() AS replica,
  (SELECT array_agg(application_name::text) FROM pg_stat_replication WHERE state = 'streaming') AS streaming`;

/** Asks every member five times a second who it is; PostgreSQL itself, not what Patroni recorded. */
export class Watch {
  readonly samples: Sample[] = [];
  private readonly connections = new Map<string, Client>();
  private running = true;
  private readonly work: Promise<void>;

  constructor(private readonly members: readonly Watched[]) {
    this.work = this.watch();
  }

  /** Ends watching and gives what was seen. */
  async stop(): Promise<readonly Sample[]> {
    this.running = false;
    await this.work;
    for (const connection of this.connections.values())
      await connection.end().catch(() => undefined);
    return this.samples;
  }

  private async watch(): Promise<void> {
    while (this.running) {
      const at = Date.now();
      const said = await Promise.all(this.members.map((member) => this.ask(member)));
      const names = new Set(this.members.map(({ name }) => name));
      const leading = said.flatMap((one) => (one === undefined || one.replica ? [] : [one]));
      this.samples.push({
        at,
        tookMs: Math.max(0, ...leading.map((one) => one.saidAt - at)),
        leaders: leading.map((one) => one.name),
        streaming: leading.flatMap((one) => one.streaming ?? []).filter((name) => names.has(name)),
      });
      await pause(Math.max(0, at + EVERY_MS - Date.now()));
    }
  }

  /** What a member says; undefined when it gives no answer, which is an answer here. */
  private async ask({ name, target }: Watched): Promise<Answer | undefined> {
    try {
      const connection = this.connections.get(name) ?? (await connect(target, ANSWER_MS));
      this.connections.set(name, connection);
      const asked = { text: ASK, query_timeout: ANSWER_MS };
      const [said] = (await connection.query<Said>(asked)).rows;
      return said && { name, saidAt: Date.now(), ...said };
    } catch {
      void this.connections
        .get(name)
        ?.end()
        .catch(() => undefined);
      this.connections.delete(name);
      return undefined;
    }
  }
}
