import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { type Connection, Dialler, type Target } from "../../harness/dialler";

const login = { user: "u", password: "p", database: "d", ca: "" };
const TARGETS: Target[] = ["one", "two", "three"].map((host) => ({ ...login, host, port: 1 }));

/** Answers of one endpoint to a word of SQL; what is not named is answered well. */
type Answers = Readonly<Record<string, Error | { command: string }>>;

class Fake extends EventEmitter implements Connection {
  constructor(
    private readonly told: string[],
    private readonly answers: Answers,
  ) {
    super();
  }
  query(sql: string) {
    this.told.push(sql);
    const answer = this.answers[sql] ?? { command: sql };
    return answer instanceof Error
      ? Promise.reject(answer)
      : Promise.resolve({ ...answer, rows: [{ seen: sql }] });
  }
  end(): Promise<void> {
    this.emit("end");
    return Promise.resolve();
  }
}

/** Endpoints that behave as told, and what each of them was asked. */
function network(answers: Readonly<Record<string, Answers | "refuses">>) {
  const told: Record<string, string[]> = {};
  const made: Fake[] = [];
  const dial = ({ host }: Target): Promise<Connection> => {
    const lines = (told[host] ??= []);
    const behaves = answers[host] ?? {};
    if (behaves === "refuses") {
      lines.push("refused");
      return Promise.reject(new Error("ECONNREFUSED"));
    }
    const connection = new Fake(lines, behaves);
    made.push(connection);
    return Promise.resolve(connection);
  };
  return { told, made, dial };
}

describe("a client of several endpoints", () => {
  it("stays with the connection that it has", async () => {
    const { told, dial } = network({});
    const client = new Dialler(TARGETS, 1, dial);
    for (let n = 0; n < 2; n++)
      expect(await client.transaction("INSERT")).toMatchObject({ fate: "acknowledged" });
    expect(told).toEqual({ two: ["BEGIN", "INSERT", "COMMIT", "BEGIN", "INSERT", "COMMIT"] });
    expect(client.moves).toBe(0);
  });

  it("goes on to the next where a connect or BEGIN fails: no transaction has", async () => {
    const { told, dial } = network({ one: "refuses", two: { BEGIN: new Error("paused") } });
    const client = new Dialler(TARGETS, 0, dial);
    expect(await client.transaction("INSERT")).toMatchObject({ fate: "acknowledged" });
    expect(told).toMatchObject({ one: ["refused"], two: ["BEGIN"] });
    expect(told.three).toEqual(["BEGIN", "INSERT", "COMMIT"]);
    expect(client.moves).toBe(2);
  });

  const error = (code: string, message = "no") => Object.assign(new Error(message), { code });
  it.each<[string, Error, "failed" | "acknowledged"]>([
    [
      "an error that answers BEGIN fails it",
      error("08P01", "server login has been failing"),
      "failed",
    ],
    ["a pool that shuts down is left", error("08P01", "server shutting down"), "acknowledged"],
    ["a server that shuts down is left", error("57P01"), "acknowledged"],
    ["a socket that is closed is left", error("EPIPE"), "acknowledged"],
  ])("%s", async (_, answer, fate) => {
    const { told, dial } = network({ one: { BEGIN: answer } });
    const client = new Dialler(TARGETS, 0, dial);
    expect(await client.transaction("INSERT")).toMatchObject({ fate });
    expect(told.two !== undefined).toBe(fate === "acknowledged");
  });

  it("goes on to the next where the connection was closed while idle", async () => {
    const { told, made, dial } = network({});
    const client = new Dialler(TARGETS, 0, dial);
    await client.transaction("INSERT");
    made[0]?.emit("end");
    expect(await client.transaction("INSERT")).toMatchObject({ fate: "acknowledged" });
    expect(told.two).toEqual(["BEGIN", "INSERT", "COMMIT"]);
    expect(client.moves).toBe(1);
  });

  it.each<[string, Answers, string]>([
    ["a statement that fails", { INSERT: new Error("terminated") }, "failed"],
    ["a COMMIT without an answer", { COMMIT: new Error("terminated") }, "unknown"],
    ["a COMMIT that rolled back", { COMMIT: { command: "ROLLBACK" } }, "failed"],
    [
      "a COMMIT that was refused",
      { COMMIT: Object.assign(new Error("no"), { code: "40001" }) },
      "failed",
    ],
  ])("counts %s", async (_, answers, fate) => {
    const { told, dial } = network({ one: answers });
    const client = new Dialler(TARGETS, 0, dial);
    expect(await client.transaction("INSERT")).toMatchObject({ fate });
    expect(told.two).toBeUndefined();
    await client.transaction("INSERT");
    expect(Object.keys(told)).toEqual(["one"]);
  });
});
