import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENDPOINTS, type EndpointKind } from "../harness/outputs";
import { eventually } from "../harness/wait";
import { endpoint, outputs } from "./harness/context";
import { healthy, leader } from "./harness/members";
import { python } from "./harness/python";
import { client, psql, psqlOk, query, withCa } from "./harness/sql";

const TABLE = "endpoint_test";
const WRITERS: EndpointKind[] = ["primary", "pooledPrimary", "direct"];
const READERS: EndpointKind[] = ["replicas", "pooledReplicas"];
const WHERE = "SELECT pg_is_in_recovery()::text";
const insert = (row: string): string => `INSERT INTO ${TABLE} (row) VALUES ('${row}')`;
const find = (row: string): string => `SELECT row FROM ${TABLE} WHERE row = '${row}'`;
const uri = (kind: EndpointKind): string => withCa(outputs().connectionStrings.app?.[kind] ?? "");

beforeAll(async () => {
  await healthy();
  await query("primary", `CREATE TABLE ${TABLE} (row text)`);
});
afterAll(() => query("primary", `DROP TABLE IF EXISTS ${TABLE}`));

/** A driver: runs a statement through an endpoint, gives the first cell, rejects on an error. */
type Driver = (kind: EndpointKind, sql: string) => Promise<string | undefined>;

const drivers: Record<string, Driver> = {
  // With the connection string of the outputs, as it is.
  psql: (kind, sql) => psqlOk(uri(kind), sql),
  // One host only: of the members, the one that leads.
  pg: async (kind, sql) => {
    const at =
      kind === "direct" ? { host: "127.0.0.1", port: (await leader()).port } : endpoint(kind);
    const connection = client(at);
    await connection.connect();
    try {
      const { rows } = await connection.query<Record<string, string>>(sql);
      return Object.values(rows[0] ?? {})[0];
    } finally {
      await connection.end();
    }
  },
  "pg8000 (Python, no libpq)": async (kind, sql) => {
    const { caCertificate: ca, credentials } = outputs();
    const at =
      kind === "direct" ? { host: "127.0.0.1", port: (await leader()).port } : endpoint(kind);
    const rows = await python({
      ...at,
      user: "app",
      password: credentials.app ?? "",
      database: "app",
      ca,
      sql,
    });
    return rows[0]?.[0];
  },
};

describe.each(Object.entries(drivers))("through %s, verified", (name, run) => {
  it.each(WRITERS)("%s leads to the leader and writes", async (kind) => {
    expect(await run(kind, WHERE)).toMatch(/^false$/i);
    await run(kind, insert(`${name} ${kind}`));
    expect(await run(kind, find(`${name} ${kind}`))).toBe(`${name} ${kind}`);
  });

  it.each(READERS)("%s leads to a replica, which reads and refuses to write", async (kind) => {
    expect(await run(kind, WHERE)).toMatch(/^true$/i);
    await run("primary", insert(`${name} ${kind}`));
    const row = await eventually("the row on a replica", 10, () =>
      run(kind, find(`${name} ${kind}`)),
    );
    expect(row).toBe(`${name} ${kind}`);
    await expect(run(kind, insert("never"))).rejects.toThrow(/read-only transaction/);
  });
});

describe("connection strings", () => {
  it("ask for full verification at every endpoint", () => {
    const strings = outputs().connectionStrings.app;
    for (const kind of ENDPOINTS) expect(strings?.[kind]).toContain("sslmode=verify-full");
  });

  it("list every member in `direct`, and find the one that takes writes", async () => {
    const direct = outputs().connectionStrings.app?.direct ?? "";
    for (const { port } of outputs().members) expect(direct).toContain(`127.0.0.1:${port}`);
    expect(direct).toContain("target_session_attrs=read-write");
    const port = await psqlOk(uri("direct"), "SHOW port");
    expect(Number(port)).toBe((await leader()).port);
    const standby = uri("direct").replace("=read-write", "=standby");
    expect(await psqlOk(standby, WHERE)).toBe("true");
  });

  it("fail without the authority's certificate", async () => {
    const { code, stderr } = await psql(
      withCa(outputs().connectionStrings.app?.primary ?? "", "/dev/null"),
      "SELECT 1",
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/certificate/);
  });
});
