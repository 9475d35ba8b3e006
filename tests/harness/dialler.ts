import { setTimeout as pause } from "node:timers/promises";
import { checkServerIdentity } from "node:tls";
import { Client } from "pg";
import { sqlState } from "../../control/sqlSession";
import type { Fate } from "./ledger";

const CONNECT_MS = 5000;
const ANSWER_MS = 15_000;
/** How long a client looks for an endpoint that begins a transaction before it gives one up. */
const PATIENCE_MS = 60_000;
const BETWEEN_MS = 50;
const REASONS = 20;

/** Where a client connects, and as whom; the certificate and the host's name are verified. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** PEM of the authority behind the server's certificate. */
  readonly ca: string;
}

/** What a client needs of a connection; `end` is told when it is closed, by whomever. */
export interface Connection {
  query(
    sql: string,
    values?: unknown[],
  ): Promise<{ readonly command: string; readonly rows: Record<string, unknown>[] }>;
  on(event: "end", listener: () => void): unknown;
  end(): Promise<void>;
}

/** What became of a transaction. */
export interface Outcome {
  readonly fate: Fate;
  /** Why it was not acknowledged. */
  readonly error?: unknown;
  /** Rows of its statement. */
  readonly rows: readonly Record<string, unknown>[];
}

/**
 * One client of several endpoints, as a program is that has libpq connect by a list of hosts: it
 * stays with one connection, and goes to the next endpoint when that is lost. A connection that was
 * closed while idle, one that is lost at BEGIN, or a connect that fails, is before any transaction: the
 * client moves on, no transaction has failed, and the time that it takes is part of how long the
 * transaction took. An error that answers BEGIN, and from an answered BEGIN on whatever goes wrong, is
 * a failure that a program would see.
 */
export class Dialler {
  /** How often a connection was lost or refused and another one was looked for. */
  moves = 0;
  /** Why, each time; the last ones. */
  readonly reasons: string[] = [];

  private connection: Connection | undefined;
  private at: number;

  /**
   * @param first which of the endpoints it begins with
   * @param dial opens a connection
   */
  constructor(
    private readonly targets: readonly Target[],
    first = 0,
    private readonly dial: (target: Target) => Promise<Connection> = connect,
  ) {
    this.at = first;
  }

  /** Runs one statement in a transaction of its own, once. */
  async transaction(sql: string, values: readonly unknown[] = []): Promise<Outcome> {
    let connection: Connection;
    try {
      connection = await this.begun();
    } catch (error) {
      return { fate: "failed", error, rows: [] };
    }
    let sent = false;
    try {
      const { rows } = await connection.query(sql, [...values]);
      sent = true;
      const { command } = await connection.query("COMMIT");
      if (command === "COMMIT") return { fate: "acknowledged", rows };
      return { fate: "failed", error: new Error(`COMMIT was answered with ${command}`), rows: [] };
    } catch (error) {
      this.drop();
      // Without a COMMIT nothing is kept; with one that was not answered nobody knows.
      return { fate: sent && !refused(error) ? "unknown" : "failed", error, rows: [] };
    }
  }

  /** Ends the connection; one that is lost already has nothing to end. */
  async end(): Promise<void> {
    const last = this.connection;
    this.connection = undefined;
    await last?.end().catch(() => undefined);
  }

  /** A connection on which a transaction has begun. */
  private async begun(): Promise<Connection> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      let asked = false;
      try {
        this.connection ??= await this.connected();
        asked = true;
        await this.connection.query("BEGIN");
        return this.connection;
      } catch (error) {
        this.drop();
        if (asked && turnsDown(error)) throw error;
        this.move(error);
        if (Date.now() > end) throw error;
        await pause(BETWEEN_MS);
      }
    }
  }

  private async connected(): Promise<Connection> {
    const target = this.targets[this.at % this.targets.length];
    if (target === undefined) throw new Error("there is no endpoint to connect to");
    const made = await this.dial(target);
    made.on("end", () => {
      if (this.connection !== made) return;
      this.connection = undefined;
      this.move("closed by the other side");
    });
    return made;
  }

  private move(why: unknown): void {
    this.moves += 1;
    this.at += 1;
    this.reasons.push(words(why));
    if (this.reasons.length > REASONS) this.reasons.shift();
  }

  private drop(): void {
    const lost = this.connection;
    this.connection = undefined;
    void lost?.end().catch(() => undefined); // it may be lost already
  }
}

/** Connects, with the name or address of the host verified too. */
export async function connect(target: Target, connectMs = CONNECT_MS): Promise<Client> {
  const { ca, ...login } = target;
  const made = new Client({
    ...login,
    ssl: {
      ca,
      rejectUnauthorized: true,
      // For an address pg gives TLS no name, and Node.js would compare with "localhost".
      checkServerIdentity: (_, certificate) => checkServerIdentity(login.host, certificate),
    },
    connectionTimeoutMillis: connectMs,
    query_timeout: ANSWER_MS,
  });
  made.on("error", () => undefined); // the query that runs, or the next one, fails as well
  await made.connect();
  return made;
}

/** Rows of a statement on a connection of its own. */
export async function query<Row extends object>(target: Target, sql: string): Promise<Row[]> {
  const connection = await connect(target);
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
  const code = answered(error);
  return code !== undefined && !/^(08|57P0)/.test(code);
}

/** Whether an error came from the other end, which says more than that it goes itself. */
function turnsDown(error: unknown): boolean {
  const code = answered(error);
  return code !== undefined && code !== "57P01" && !/shutting down/.test(words(error));
}

/** What a server said, by its code; that of a broken pipe has as many letters. */
function answered(error: unknown): string | undefined {
  const code = sqlState(error);
  return code === "EPIPE" ? undefined : code;
}

/** First words of an error, to count by. */
export function words(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.slice(0, 80);
}
