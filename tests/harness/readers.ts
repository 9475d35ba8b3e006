import { setTimeout as pause } from "node:timers/promises";
import { Dialler, type Target, words } from "./dialler";

/** What a run of readers came to. */
export interface ReaderFigures {
  readonly answered: number;
  /** Transactions that began and were not answered. */
  readonly failed: number;
  /** Answers of a leader: the endpoint falls back to it when no replica is there. */
  readonly byLeader: number;
  /** Milliseconds: the longest that an answer took, the way to an endpoint included. */
  readonly stallMs: number;
  /** How often a client lost its connection between transactions and went to the next endpoint. */
  readonly moves: number;
  /** First words of each kind of error, with how often it came. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Clients that read through a list of endpoints (see `Dialler`), each one transaction after the other. */
export class Readers {
  private readonly clients: readonly Dialler[];
  private readonly errors: Record<string, number> = {};
  private counts = { answered: 0, failed: 0, byLeader: 0, stallMs: 0 };
  private running = true;
  private readonly work: Promise<unknown>;

  /**
   * @param clients how many read at once
   * @param everyMs milliseconds from the begin of a read to the next of the same client
   */
  constructor(targets: readonly Target[], clients: number, everyMs: number) {
    this.clients = Array.from({ length: clients }, (_, index) => new Dialler(targets, index));
    this.work = Promise.all(this.clients.map((client) => this.read(client, everyMs)));
  }

  /** Ends reading and gives what it came to. */
  async stop(): Promise<ReaderFigures> {
    this.running = false;
    await this.work;
    const moves = this.clients.reduce((sum, client) => sum + client.moves, 0);
    return { ...this.counts, moves, errors: this.errors };
  }

  private async read(client: Dialler, everyMs: number): Promise<void> {
    while (this.running) {
      const begun = Date.now();
      const sql = "SELECT pg_is_in_recovery() AS replica";
      const { fate, rows, error } = await client.transaction(sql);
      const took = Date.now() - begun;
      if (fate === "acknowledged") {
        this.counts.answered += 1;
        this.counts.stallMs = Math.max(this.counts.stallMs, took);
        if (rows[0]?.replica === false) this.counts.byLeader += 1;
      } else {
        this.counts.failed += 1;
        this.errors[words(error)] = (this.errors[words(error)] ?? 0) + 1;
      }
      await pause(Math.max(0, everyMs - took));
    }
    await client.end();
  }
}
