import { afterAll, beforeAll, expect, it } from "vitest";
import { freshOutputs } from "./harness/context";
import { cluster } from "./harness/identity";
import { healthy, value } from "./harness/members";
import { tryPreview, unprotect, up } from "./harness/pulumi";
import { query } from "./harness/sql";

const APP = {
  databases: [{ name: "app", owner: "app", extensions: ["pg_trgm"] }],
  users: [{ name: "app" }],
};
const BOTH = {
  databases: [
    ...APP.databases,
    {
      name: "extra",
      owner: "keeper",
      extensions: ["pg_trgm", { name: "hstore", schema: "public" }],
    },
  ],
  users: [...APP.users, { name: "keeper", connectionLimit: 20 }],
};

const PASSWORD = `${cluster}-keys-role-keeper`;

let undone = false;

beforeAll(() => healthy());
afterAll(async () => {
  if (!undone) {
    await unprotect(PASSWORD);
    await up({ postgres: APP });
  }
  await value("DROP DATABASE IF EXISTS extra WITH (FORCE)");
  await value("DROP ROLE IF EXISTS keeper");
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
  const owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'extra'";
  expect(await value(owner)).toBe("keeper");
}, 180_000);

it("leaves a database that is declared no more, with its data", async () => {
  const keeper = await login();
  await up({ postgres: { databases: APP.databases } });
  expect(Object.keys((await freshOutputs()).connectionStrings)).toEqual(["app"]);
  expect(await query("pooledPrimary", "SELECT n FROM kept", keeper)).toEqual([{ n: 42 }]);
}, 180_000);

it("refuses to forget the password of a user that is declared no more, unless it is unprotected, and leaves the user", async () => {
  const keeper = await login();
  const refused = await tryPreview({ postgres: APP });
  expect(refused.code).not.toBe(0);
  expect(refused.stdout).toMatch(
    new RegExp(`${PASSWORD}.*cannot be deleted\\s+because it is protected`),
  );

  await unprotect(PASSWORD);
  await up();
  undone = true;
  expect(Object.keys((await freshOutputs()).credentials)).not.toContain("keeper");
  expect(await query("pooledPrimary", "SELECT n FROM kept", keeper)).toEqual([{ n: 42 }]);
}, 180_000);
