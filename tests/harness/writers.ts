import { setTimeout as pause } from "node:timers/promises";
import { NotYet, until } from "../../control/until";
import { Dialler, query, type Target, words } from "./dialler";
import { contradictions, countFates, type Entry, type Fate, outage, stall } from "./ledger";

const RETRY_MS = 50;

/** How the clients write. */
export interface WriterOptions {
  /** How many write at once; 1. */
  readonly clients?: number;
  /** Milliseconds from the begin of a write to the next of the same client; 50. */
  readonly everyMs?: number;
  /** Where the table is made, read and dropped; the first of the endpoints. */
  readonly table?: Target;
}

/** What a run came to. */
export interface Figures extends Record<Fate, number> {
  /** Acknowledged writes of a second, on the average of the run. */
  readonly perSecond: number;
  /** Milliseconds: the last acknowledged write of any client to the next, to the end of the run. */
  readonly outageMs: number;
  /** Milliseconds: the longest that an acknowledged write took, the way to an endpoint included. */
  readonly stallMs: number;
  /** How often a client lost its connection between transactions and went to the next endpoint. */
  readonly moves: number;
  /** First words of each kind of error of a transaction, with how often it came. */
  readonly errors: Readonly<Record<string, number>>;
}

/**
 * Clients that write rows of unique ids through a list of endpoints (see `Dialler`), each one row
 * after the other in a transaction of its own; never the same id twice. They begin at the endpoints
 * in turn.
 */
export class Writers {
  private readonly ledger: Entry[] = [];
  private readonly errors = new Map<string, number>();
  private readonly name: string;
  private readonly clients: readonly Dialler[];
  private readonly everyMs: number;
  private running = true;
  private begun = Date.now();
  private work: Promise<unknown> = Promise.resolve();
  private figures: Figures | undefined;

  private constructor(
    targets: readonly Target[],
    private readonly aside: Target,
    { clients = 1, everyMs = RETRY_MS }: WriterOptions,
  ) {
    this.name = `ledger_${Date.now().toString(36)}_${Math.floor(Math.random() * 1e6)}`;
    this.clients = Array.from({ length: clients }, (_, index) => new Dialler(targets, index));
    this.everyMs = everyMs;
  }

  /** Makes the table and begins; returns once a first row is acknowledged. */
  static async start(targets: readonly Target[], options: WriterOptions = {}): Promise<Writers> {
    const aside = options.table ?? targets[0];
    if (aside === undefined) throw new Error("writers need an endpoint");
    const writers = new Writers(targets, aside, options);
    // No unique index: a row that came twice must show.
    await query(aside, `CREATE TABLE ${writers.name} (id text NOT NULL)`);
    writers.begun = Date.now();
    writers.work = Promise.all(
      writers.clients.map((client, number) => writers.write(client, number)),
    );
    try {
      await writers.goesOn(Date.now(), 15);
    } catch (error) {
      await writers.stop();
      throw error;
    }
    return writers;
  }

  /** Waits for a write that was begun after `since` to be acknowledged. */
  async goesOn(since: number, seconds: number): Promise<void> {
    const what = "a write acknowledged";
    await until(what, { timeoutMs: seconds * 1000, intervalMs: 50 }, () => {
      const last = this.ledger.findLast(({ fate }) => fate === "acknowledged");
      if (last !== undefined && last.at - last.took > since) return Promise.resolve();
      throw new NotYet(JSON.stringify(this.soFar(Date.now())));
    });
  }

  /** Ends writing and gives what it came to; the second time the same. */
  async stop(): Promise<Figures> {
    this.running = false;
    const end = Date.now();
    await this.work;
    return (this.figures ??= this.soFar(end));
  }

  /** What the table has against the ledger; to be asked after `stop`. */
  async verify(): Promise<string[]> {
    const rows = await query<{ id: string }>(this.aside, `SELECT id FROM ${this.name}`);
    return contradictions(
      this.ledger,
      rows.map(({ id }) => id),
    );
  }

  /** Drops the table. */
  async clear(): Promise<void> {
    await query(this.aside, `DROP TABLE IF EXISTS ${this.name}`);
  }

  private soFar(end: number): Figures {
    const fates = countFates(this.ledger);
    return {
      ...fates,
      perSecond: Math.round((fates.acknowledged * 1000) / (end - this.begun)),
      outageMs: outage(this.ledger, end),
      stallMs: stall(this.ledger),
      moves: this.clients.reduce((sum, { moves }) => sum + moves, 0),
      errors: Object.fromEntries(this.errors),
    };
  }

  private async write(client: Dialler, number: number): Promise<void> {
    for (let row = 1; this.running; row++) {
      const id = `client-${number + 1}-row-${row}`;
      const begun = Date.now();
      const sql = `INSERT INTO ${this.name} (id) VALUES ($1)`;
      const { fate, error } = await client.transaction(sql, [id]);
      const at = Date.now();
      this.ledger.push({ id, fate, at, took: at - begun });
      if (error !== undefined) this.errors.set(words(error), this.count(error) + 1);
      await pause(fate === "acknowledged" ? Math.max(0, begun + this.everyMs - at) : RETRY_MS);
    }
    await client.end();
  }

  private count(error: unknown): number {
    return this.errors.get(words(error)) ?? 0;
  }
}
