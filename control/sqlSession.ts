/** Superuser connections into members, each shared by all who come while it is in use. */
import { Client, type ClientConfig } from "pg";
import type { MemberAccess } from "../model/access";
import { SOCKET_DIR } from "../model/paths";
import { dial, type DialStream } from "./dial";
import { containerKey, place } from "./docker";
import { UnreachableError, describe } from "./errors";

/** Milliseconds until PostgreSQL must have answered a new connection. */
export const CONNECT_MS = 10_000;
/** A connection is closed this long after its last use: a program in the container costs 100 ms. */
const IDLE_MS = 500;

/** SQLSTATE of an error that a server sent; undefined for any other. */
export function sqlState(error: unknown): string | undefined {
  const code: unknown = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** A connected client over a stream; `where` is for messages. */
export async function connected(
  config: ClientConfig,
  stream: DialStream,
  where: string,
): Promise<Client> {
  const client = new Client({
    ...config,
    stream: () => stream,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: "postgres-ha",
  });
  client.on("error", () => undefined); // a lost connection also fails the query that runs or comes next
  try {
    await client.connect();
    return client;
  } catch (error) {
    stream.destroy();
    if (sqlState(error) !== undefined) throw error;
    throw new UnreachableError(
      {
        doing: "connect to PostgreSQL",
        where,
        found: describe(error),
        remedy: "Check that the part behind this address runs.",
      },
      error,
    );
  }
}

/** One connection; work is done on it in turn. */
class Session {
  private client: Promise<Client> | undefined;
  private tail: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private idle: NodeJS.Timeout | undefined;

  constructor(private readonly connect: () => Promise<Client>) {}

  async run<T>(work: (client: Client) => Promise<T>): Promise<T> {
    clearTimeout(this.idle);
    this.waiting += 1;
    const turn = this.tail.then(() => this.take(work));
    this.tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.waiting -= 1;
      if (this.waiting === 0) this.idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    }
  }

  /** After a failure the connection may be lost or within a transaction: the next takes a new one. */
  private async take<T>(work: (client: Client) => Promise<T>): Promise<T> {
    this.client ??= this.connect();
    try {
      return await work(await this.client);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  private async close(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // One that never connected, or is lost, has nothing to end.
    await client?.then((one) => one.end()).catch(() => undefined);
  }
}

const sessions = new Map<string, Session>();

/** Runs `work` on a superuser connection to one member. It must leave no transaction open. */
export function onMember<T>(
  member: MemberAccess,
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const key = JSON.stringify([containerKey(member), database]);
  let session = sessions.get(key);
  if (session === undefined) {
    const where = `member ${member.name}, ${place(member)}, database ${database}`;
    const target = { unix: `${SOCKET_DIR}/.s.PGSQL.${member.port}` };
    session = new Session(() =>
      connected({ user: "postgres", database }, dial(member, target), where),
    );
    sessions.set(key, session);
  }
  return session.run(work);
}
