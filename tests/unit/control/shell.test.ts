import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { quoteShell } from "../../../control/shell";

describe("a word for a shell", () => {
  it.each([
    "plain",
    "/srv/pg",
    "",
    "a b",
    "it's",
    `"$HOME"`,
    "$(id)",
    "`id`",
    "*",
    "a\nb",
    "-n",
    "\\",
    "é",
  ])("%j comes back as it was", (word) => {
    const text = execFileSync("sh", ["-c", `printf %s ${quoteShell(word)}`], { encoding: "utf8" });
    expect(text).toBe(word === "-n" ? "-n" : word);
  });

  it("holds no NUL", () => {
    expect(() => quoteShell("a\0b")).toThrow(/NUL/);
  });
});
