import { readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { root } from "../../../setup/root";

const { load } = createRequire(__filename)("../../../setup/load.cjs") as {
  load: (entry: string) => { answer: () => string };
};
const imported = `tests/unit/setup/.load-${process.pid}-imported.ts`;
const entry = `tests/unit/setup/.load-${process.pid}.ts`;

/** Writes a file as of some seconds ago, as a person's edit is before the next command. */
function write(path: string, text: string, secondsAgo: number): void {
  writeFileSync(join(root, path), text);
  const at = Date.now() / 1000 - secondsAgo;
  utimesSync(join(root, path), at, at);
}

afterAll(() => {
  for (const path of [imported, entry]) rmSync(join(root, path), { force: true });
  const cache = join(root, "node_modules/.cache/postgres-ha");
  const made = readdirSync(cache).filter((name) => name.includes(`.load-${process.pid}`));
  for (const name of made) rmSync(join(cache, name));
});

describe("load", () => {
  it("runs TypeScript, and what has changed since", () => {
    const from = JSON.stringify(`./${basename(imported, ".ts")}`);
    write(entry, `export { answer } from ${from};`, 60);
    write(imported, 'export const answer = (): string => "one";', 60);
    expect(load(entry).answer()).toBe("one");
    expect(load(entry).answer()).toBe("one");
    // Of the same length, so that nothing but time tells.
    write(imported, 'export const answer = (): string => "two";', 30);
    expect(load(entry).answer()).toBe("two");
    expect(load(entry).answer()).toBe("two");
  });

  it("names the file of a mistake", () => {
    write(imported, "export const answer = (: string;", 20);
    expect(() => load(entry)).toThrow(basename(imported));
  });
});
