import { setTimeout as pause } from "node:timers/promises";
import { Client, type ClientConfig } from "pg";
import { NotYet, until } from "../../control/until";
import { contradictions, countFates, type Entry, type Fate, outage, stall } from "./ledger";

const RETRY_MS = 50;
const ANSWER_MS = 15_000;

/** Where rows are written, and as whom; the certificate and the host's name are verified. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** PEM of the authority behind the server's certificate. */
  readonly ca: string;
}

/** How the clients write. */
export interface WriterOptions {
  /** How many write at once; 1. */
  readonly clients?: number;
  /** Milliseconds between the end of a write and the next of the same client; 50. */
  readonly everyMs?: number;
  /** Where the table is made, read and dropped; where the rows are written. */
  readonly table?: Target;
}

/** What a run came to. */
export interface Figures extends Record<Fate, number> {
  /** Milliseconds: the last acknowledged write of any client to the next, to the end of the run. */
  readonly outageMs: number;
  /** Milliseconds: the longest that an acknowledged write took. */
  readonly stallMs: number;
  /** First words of each kind of error, with how often it came. */
  readonly errors: Readonly<Record<string, number>>;
}

/** One client, and the connection that it has now. */
interface Writing {
  readonly number: number;
  connection?: Client | undefined;
}

/**
 * Clients that write rows of unique ids through an endpoint, each one row after the other in a
 * transaction of its own, with another try 50 ms after one that failed; never the same id twice.
 */
export class Writers {
  private readonly ledger: Entry[] = [];
  private readonly errors = new Map<string, number>();
  private readonly name: string;
  private readonly aside: Target;
  private readonly everyMs: number;
  private running = true;
  private work: Promise<unknown> = Promise.resolve();
  private figures: Figures | undefined;

  private constructor(
    private readonly target: Target,
    options: WriterOptions,
  ) {
    this.name = `ledger_${Date.now().toString(36)}_${Math.floor(Math.random() * 1e6)}`;
    this.aside = options.table ?? target;
    this.everyMs = options.everyMs ?? RETRY_MS;
  }

  /** Makes the table and begins; returns once a first row is acknowledged. */
  static async start(target: Target, options: WriterOptions = {}): Promise<Writers> {
    const writers = new Writers(target, options);
    // No unique index: a row that came twice must show.
    await query(writers.aside, `CREATE TABLE ${writers.name} (id text NOT NULL)`);
    const clients = Array.from({ length: options.clients ?? 1 }, (_, index) => index + 1);
    writers.work = Promise.all(clients.map((number) => writers.write({ number })));
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
    const what = `a write through ${this.target.host}:${this.target.port} acknowledged`;
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
    return {
      ...countFates(this.ledger),
      outageMs: outage(this.ledger, end),
      stallMs: stall(this.ledger),
      errors: Object.fromEntries(this.errors),
    };
  }

  private async write(client: Writing): Promise<void> {
    for (let row = 1; this.running; row++) {
      const id = `client-${client.number}-row-${row}`;
      const begun = Date.now();
      const fate = await this.tryOne(client, id);
      const at = Date.now();
      this.ledger.push({ id, fate, at, took: at - begun });
      await pause(fate === "acknowledged" ? this.everyMs : RETRY_MS);
    }
    await client.connection?.end().catch(() => undefined); // it may be lost already
  }

  private async tryOne(client: Writing, id: string): Promise<Fate> {
    let sent = false;
    try {
      client.connection ??= await connected(this.target);
      sent = true;
      await client.connection.query(`INSERT INTO ${this.name} (id) VALUES ($1)`, [id]);
      return "acknowledged";
    } catch (error) {
      this.count(error);
      const lost = client.connection;
      client.connection = undefined;
      void lost?.end().catch(() => undefined);
      return sent && !refused(error) ? "unknown" : "failed";
    }
  }

  private count(error: unknown): void {
    const text = error instanceof Error ? error.message || error.name : String(error);
    const kind = text.slice(0, 80);
    this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
  }
}

async function connected(target: Target): Promise<Client> {
  const { ca, ...login } = target;
  const config: ClientConfig = {
    ...login,
    ssl: { ca, rejectUnauthorized: true },
    connectionTimeoutMillis: 5000,
    query_timeout: ANSWER_MS,
  };
  const made = new Client(config);
  made.on("error", () => undefined); // the query that runs, or the next one, fails as well
  await made.connect();
  return made;
}

async function query<Row extends object>(target: Target, sql: string): Promise<Row[]> {
  const connection = await connected(target);
  try {
    return (await connection.query<Row>(sql)).rows;
  } finally {
    await connection.end();
  }
}

/**
 * Whether an error says for sure that the row was not written. PostgreSQL's own refusals do; those
 * of class 08 and 57P0 may come from a server that ended between commit and answer.
 */
export function refused(error: unknown): boolean {
  const code: unknown = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) && !/^(08|57P0|EPIPE)/.test(code);
}
