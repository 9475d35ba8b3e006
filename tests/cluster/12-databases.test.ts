import { afterAll, beforeAll, expect, it } from "vitest";
import { freshOutputs } from "./harness/context";
import { healthy, value } from "./harness/members";
import { tryUp, up } from "./harness/pulumi";
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
  users: [...APP.users, { name: "keeper" }],
};

beforeAll(() => healthy());
afterAll(async () => {
  await up({ postgres: APP });
  await value("DROP DATABASE IF EXISTS extra");
  await value("DROP ROLE IF EXISTS keeper");
  await healthy();
}, 240_000);

it("makes a database, its user and its extensions when they are declared", async () => {
  await up({ postgres: BOTH });
  const { credentials, connectionStrings } = await freshOutputs();
  expect(Object.keys(connectionStrings)).toEqual(["app", "extra"]);
  const keeper = { user: "keeper", password: credentials.keeper ?? "", database: "extra" };
  await query("pooledPrimary", "CREATE TABLE kept (n int)", keeper);
  await query("pooledPrimary", "INSERT INTO kept VALUES (42)", keeper);
  const names = await query<{ extname: string }>(
    "primary",
    "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1",
    keeper,
  );
  expect(names.map(({ extname }) => extname)).toEqual(["hstore", "pg_trgm"]);
  expect(
    await value("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'extra'"),
  ).toBe("keeper");
}, 120_000);

it("never drops data when they are declared no more", async () => {
  const before = await freshOutputs();
  const { code, stdout } = await tryUp({ postgres: APP });
  console.log(
    "removal from the config ended with",
    code,
    code === 0
      ? ""
      : stdout
          .split("\n")
          .filter((line) => /error/.test(line))
          .join("\n"),
  );
  expect(await value("SELECT n FROM kept", "extra")).toBe("42");
  const keeper = { user: "keeper", password: before.credentials.keeper ?? "", database: "extra" };
  expect(await query("pooledPrimary", "SELECT n FROM kept", keeper)).toEqual([{ n: 42 }]);
}, 120_000);
