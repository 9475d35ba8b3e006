import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesOf, HOLDS, type SecretName, SECRETS, type StackName } from "./stacks";

const GOLDEN = join(__dirname, "golden");

describe.each<StackName>(["dev", "prod"])("the files of %s", (stack) => {
  const files = filesOf(stack);

  it.each(Object.keys(files))("%s is the golden text", async (name) => {
    await expect(files[name]).toMatchFileSnapshot(join(GOLDEN, stack, name));
  });

  it("are all rendered still", () => {
    const kept = existsSync(join(GOLDEN, stack)) ? readdirSync(join(GOLDEN, stack)) : [];
    // Texts that are missing fail above; here are those that nothing renders any more.
    expect(kept.filter((name) => files[name] === undefined)).toEqual([]);
  });

  it("render the same each time", () => {
    expect(filesOf(stack)).toEqual(files);
  });

  it.each(Object.keys(HOLDS))("%s holds its own secrets and no other", (name) => {
    const found = Object.keys(SECRETS).filter((secret) =>
      files[name]?.includes(SECRETS[secret as SecretName]),
    );
    expect(found.sort()).toEqual([...(HOLDS[name] ?? ["unknown file"])].sort());
  });
});
