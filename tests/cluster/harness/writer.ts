import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "pg";
import { endpoint, type EndpointKind } from "./context";
import { contradictions, type Entry, type Fate, outage } from "./ledger";
import { client, query } from "./sql";
import { eventually } from "./wait";

const RETRY_MS = 50;
const ANSWER_MS = 15_000;

/**
 * Writes rows of unique ids through an endpoint, one after the other, each in a transaction of its
 * own, with another try 50 ms after one that failed; never the same id twice.
 */
export class Writer {
  private readonly ledger: Entry[] = [];
  private readonly table: string;
  private running = true;
  private work: Promise<void> = Promise.resolve();
  private connection: Client | undefined;

  private constructor(private readonly kind: EndpointKind) {
    this.table = `ledger_${Date.now().toString(36)}_${Math.floor(Math.random() * 1e6)}`;
  }

  /** Makes the table and begins; returns once a first row is acknowledged. */
  static async start(kind: EndpointKind = "pooledPrimary"): Promise<Writer> {
    const writer = new Writer(kind);
    // No unique index: a row that came twice must show.
    await query(kind, `CREATE TABLE ${writer.table} (id text NOT NULL)`);
    writer.work = writer.write();
    await writer.goesOn(Date.now(), 15);
    return writer;
  }

  /** Waits for a write that was begun after `since` to be acknowledged. */
  async goesOn(since: number, seconds: number): Promise<void> {
    await eventually(`a write through ${this.kind} acknowledged`, seconds, () => {
      const last = this.ledger.findLast(({ fate }) => fate === "acknowledged");
      return Promise.resolve(last !== undefined && last.at > since ? true : undefined);
    });
  }

  /** Ends writing and gives how long it was out at most, in milliseconds. */
  async stop(): Promise<number> {
    this.running = false;
    const end = Date.now();
    await this.work;
    await this.connection?.end().catch(() => undefined);
    return outage(this.ledger, end);
  }

  /** How many rows have each fate. */
  counts(): Record<Fate, number> {
    const counts = { acknowledged: 0, unknown: 0, failed: 0 };
    for (const { fate } of this.ledger) counts[fate] += 1;
    return counts;
  }

  /** What the table has against the ledger; to be asked after `stop`. */
  async verify(): Promise<string[]> {
    const rows = await query<{ id: string }>("primary", `SELECT id FROM ${this.table}`);
    return contradictions(
      this.ledger,
      rows.map(({ id }) => id),
    );
  }

  /** Drops the table. */
  async clear(): Promise<void> {
    await query("primary", `DROP TABLE IF EXISTS ${this.table}`);
  }

  private async write(): Promise<void> {
    for (let n = 1; this.running; n++) {
      const id = `row-${n}`;
      const fate = await this.tryOne(id);
      this.ledger.push({ id, fate, at: Date.now() });
      await pause(RETRY_MS);
    }
  }

  private async tryOne(id: string): Promise<Fate> {
    let sent = false;
    try {
      if (this.connection === undefined) {
        const made = client(endpoint(this.kind), {}, { query_timeout: ANSWER_MS });
        await made.connect();
        this.connection = made;
      }
      sent = true;
      await this.connection.query(`INSERT INTO ${this.table} (id) VALUES ($1)`, [id]);
      return "acknowledged";
    } catch (error) {
      const lost = this.connection;
      this.connection = undefined;
      void lost?.end().catch(() => undefined);
      return sent && !refused(error) ? "unknown" : "failed";
    }
  }
}

/**
 * Whether an error says for sure that the row was not written. PostgreSQL's own refusals do; those
 * of class 08 and 57P0 may come from a server that ended between commit and answer.
 */
function refused(error: unknown): boolean {
  const code: unknown = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !/^(08|57P0|EPIPE)/.test(code);
}
