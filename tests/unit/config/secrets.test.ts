import { expect, it } from "vitest";

import { formatPath } from "../../../model/config";
import { errorOf, good, problemsOf, set } from "./good";

const SECRET = "hunter2-hunter2";

it.each([
  [{ orders: "short" }, "passwords.orders", /8 to 256/],
  [{ orders: "x".repeat(300) }, "passwords.orders", /8 to 256/],
  [{ orders: 12345678 }, "passwords.orders", /must be a text/],
  [{ orders: "with\nline break" }, "passwords.orders", /control character/],
  [{ nobody: "12345678" }, "passwords.nobody", /not declared/],
])("%j is refused at %s", (passwords, at, rule) => {
  const problems = problemsOf(good(), passwords);
  expect(problems.map(({ path }) => formatPath(path))).toEqual([at]);
  expect(problems[0]?.rule).toMatch(rule);
  expect(problems[0]?.remedy).not.toBe("");
});

it.each([
  ["in a wrong key", "password", SECRET],
  ["as plain text", "passwords", { orders: SECRET }],
  ["as the value of an unknown key", "pass", SECRET],
  ["as a name", "cluster", `${SECRET}!`],
  ["in a parameter", "postgres/parameters", { "Bad Name": SECRET, fsync: SECRET }],
  ["in a connection string", "postgres/parameters", { x: `postgres://app:${SECRET}@host/db` }],
  ["as a key", `${SECRET}`, 1],
  ["as a host", "hosts/0", SECRET],
  ["in an hba rule", "postgres/hba", [{ database: SECRET, user: "all", address: "all" }]],
])("no message shows a password: %s", (_where, path, value) => {
  const error = errorOf(set(good(), path, value), { orders: SECRET, nobody: SECRET });
  expect(error?.message).toContain("passwords.nobody: (hidden)");
  expect(error?.message).not.toContain("hunter2");
  expect(JSON.stringify(error?.problems)).not.toContain("hunter2");
});

it("a value of a wrong type or shape is not shown either", () => {
  for (const passwords of [
    SECRET,
    [SECRET],
    { orders: { secure: SECRET } },
    { orders: [SECRET] },
  ]) {
    const error = errorOf(good(), passwords as unknown as Record<string, unknown>);
    expect(error?.problems).toHaveLength(1);
    expect(error?.message).not.toContain("hunter2");
  }
});
