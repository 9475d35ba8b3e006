import { afterAll, beforeAll, expect, it } from "vitest";
import { freshOutputs } from "./harness/context";
import { healthy, value } from "./harness/members";
import { tryPreview, up } from "./harness/pulumi";
import { query } from "./harness/sql";

const APP = {
  databases: [{ name: "app", owner: "app", extensions: ["pg_trgm"] }],
  users: [{ name: "app" }],
};
const BOTH = {
  databases: [
    { name: "app", owner: "app", extensions: ["pg_trgm"], connect: ["keeper"] },
    {
      name: "extra",
      owner: "keeper",
      extensions: ["pg_trgm", { name: "hstore", schema: "public" }],
    },
  ],
  users: [...APP.users, { name: "keeper", connectionLimit: 20 }],
};

/** Once declared a user stays declared. */
const LOCKED = {
  databases: APP.databases,
  users: [...APP.users, { name: "keeper", connectionLimit: 20, login: false }],
};

let undone = false;

beforeAll(() => healthy());
afterAll(async () => {
  if (!undone) await up({ postgres: LOCKED });
  await value("DROP DATABASE IF EXISTS extra WITH (FORCE)");
  await healthy();
}, 240_000);

async function login() {
  const { credentials } = await freshOutputs();
  return { user: "keeper", password: credentials.keeper ?? "", database: "extra" };
}

it("makes a database, its user and its extensions when they are declared", async () => {
  await up({ postgres: BOTH });
  expect(Object.keys((await freshOutputs()).connectionStrings)).toEqual(["app", "extra"]);
  const keeper = await login();
  await query("pooledPrimary", "CREATE TABLE kept (n int)", keeper);
  await query("pooledPrimary", "INSERT INTO kept VALUES (42)", keeper);
  const names = await query<{ extname: string }>(
    "primary",
    "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1",
    keeper,
  );
  expect(names.map(({ extname }) => extname)).toEqual(["hstore", "pg_trgm"]);
  // Into the other one, too, as long as it is declared; also after somebody took the right away.
  const other = { ...keeper, database: "app" };
  expect(await query("primary", "SELECT 6 AS n", other)).toEqual([{ n: 6 }]);
  await value("REVOKE CONNECT ON DATABASE app FROM keeper; SELECT 1");
  await expect(query("primary", "SELECT 1", other)).rejects.toThrow(/permission denied/);
  await up({ postgres: BOTH });
  expect(await query("primary", "SELECT 7 AS n", other)).toEqual([{ n: 7 }]);
  const owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'extra'";
  expect(await value(owner)).toBe("keeper");
}, 180_000);

it("leaves a database that is declared no more, with its data", async () => {
  const keeper = await login();
  await up({ postgres: { databases: APP.databases } });
  expect(Object.keys((await freshOutputs()).connectionStrings)).toEqual(["app"]);
  expect(await query("pooledPrimary", "SELECT n FROM kept", keeper)).toEqual([{ n: 42 }]);
  const other = query("primary", "SELECT 1", { ...keeper, database: "app" });
  await expect(other).rejects.toThrow(/permission denied/);
}, 180_000);

it("refuses to forget a user that is declared no more, and locks one out instead", async () => {
  const keeper = await login();
  const refused = await tryPreview({ postgres: APP });
  expect(refused.code).not.toBe(0);
  expect(refused.stdout.replace(/\s+/g, " ")).toMatch(/keeper would be removed.*login: false/);

  await up({ postgres: LOCKED });
  undone = true;
  expect(await value("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'keeper'")).toBe("f");
  await expect(query("primary", "SELECT 1", keeper)).rejects.toThrow(/not permitted to log in/);
  expect(
    await value("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'extra'"),
  ).toBe("keeper");
}, 180_000);
