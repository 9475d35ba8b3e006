import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, it } from "vitest";

import { CONFIG_KEYS } from "../../../model/config";
import { renderReference } from "../../../model/config/reference";

const FILE = join(__dirname, "../../../docs/config.md");

it("docs/config.md is up to date (UPDATE=1 rewrites it)", () => {
  if (process.env["UPDATE"] === "1") writeFileSync(FILE, renderReference());
  expect(existsSync(FILE) ? readFileSync(FILE, "utf8") : "").toBe(renderReference());
});

it("every key has a meaning, and every top-level key a section", () => {
  const text = renderReference();
  for (const key of CONFIG_KEYS) expect(text).toContain(`\n## ${key}\n`);
  const rows = text.split("\n").filter((line) => line.startsWith("| `"));
  expect(rows.length).toBeGreaterThan(60);
  for (const row of rows) expect(row).toMatch(/\. *\|$/);
});
