import { join } from "node:path";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { beforeAll, describe, expect, it } from "vitest";

const PROJECT = join(__dirname, "../..");
let eslint: ESLint;

beforeAll(() => {
  // The snippets are in no file, so the compiler knows nothing of them: only what needs no types.
  eslint = new ESLint({
    cwd: PROJECT,
    overrideConfig: tseslint.configs.disableTypeChecked as ESLint.Options["overrideConfig"],
  });
});

/** The rules that a text breaks, were it in that file. */
async function broken(file: string, text: string): Promise<string[]> {
  const [result] = await eslint.lintText(text, { filePath: join(PROJECT, file) });
  return (result?.messages ?? []).map((message) => message.ruleId ?? message.message);
}

const RESTRICTED = "@typescript-eslint/no-restricted-imports";

/** [file, what it imports]: each points against the flow. */
const WRONG: readonly (readonly [string, string])[] = [
  ["model/topology/x.ts", "../../control/patroni"],
  ["model/topology/x.ts", "../../components/keys"],
  ["model/render/x.ts", "../../provider/diff"],
  ["model/x.ts", "../setup/versions"],
  ["model/x.ts", "../ops/main"],
  ["model/config/checks/x.ts", "../../../components"],
  ["model/x.ts", "@pulumi/pulumi"],
  ["control/x.ts", "../provider/type"],
  ["control/x.ts", "../components/keys"],
  ["control/x.ts", "../ops/main"],
  ["control/x.ts", "../setup/paths"],
  ["control/x.ts", "@pulumi/pulumi"],
  ["ops/x.ts", "../components/keys"],
  ["ops/verbs/x.ts", "../../provider/type"],
  ["ops/x.ts", "@pulumi/pulumi"],
  ["ops/x.ts", "@pulumi/pulumi/automation"],
  ["provider/x.ts", "../components/keys"],
  ["provider/types/x.ts", "../../setup/paths"],
  ["provider/x.ts", "../ops/main"],
  ["provider/x.ts", "@pulumi/pulumi"],
  ["provider/x.ts", "@pulumi/pulumi/runtime"],
  ["provider/x.ts", "@pulumi/docker"],
  ["components/x.ts", "../control/patroni"],
  ["components/x.ts", "../provider/diff"],
  ["components/x.ts", "../ops/main"],
  ["components/x.ts", "../setup/versions"],
  ["components/x.ts", "../setup/paths"],
  ["setup/x.ts", "../components/keys"],
  ["setup/x.ts", "../provider/main"],
  ["setup/x.ts", "@pulumi/pulumi"],
  ["bench/x.ts", "../components/keys"],
  ["examples/consumer/x.ts", "../../components/keys"],
  ["examples/consumer/x.ts", "../../model/config"],
  ["index.ts", "./model/config"],
  ["index.ts", "./control/patroni"],
  ["index.ts", "@pulumi/pulumi"],
];

/** [file, what it imports]: each goes with the flow. */
const RIGHT: readonly (readonly [string, string])[] = [
  ["model/topology/x.ts", "../config"],
  ["model/topology/x.ts", "./types"],
  ["model/x.ts", "node:crypto"],
  ["control/x.ts", "../model/access"],
  ["control/x.ts", "./patroni"],
  ["ops/verbs/x.ts", "../../control/patroni"],
  ["ops/x.ts", "../model/config"],
  ["ops/x.ts", "../setup/paths"],
  ["provider/types/x.ts", "../../control/patroni"],
  ["provider/types/x.ts", "../provider"],
  ["provider/x.ts", "../model/resources"],
  ["provider/x.ts", "@pulumi/pulumi/provider"],
  ["provider/x.ts", "@pulumi/pulumi/provider/server"],
  ["provider/x.ts", "@pulumi/pulumi/log"],
  ["components/x.ts", "../model/topology"],
  ["components/x.ts", "../setup/versions.json"],
  ["components/x.ts", "@pulumi/docker"],
  ["index.ts", "./components/postgresCluster"],
];

describe("the one-way flow", () => {
  it.each(WRONG)("%s may not import %s", async (file, source) => {
    const uses = "console.log(a);\n";
    expect(await broken(file, `import { a } from "${source}";\n${uses}`)).toEqual([RESTRICTED]);
    expect(await broken(file, `import type { A } from "${source}";\nexport type B = A;\n`)).toEqual(
      [RESTRICTED],
    );
    expect(await broken(file, `export * from "${source}";\n`)).toEqual([RESTRICTED]);
    expect(await broken(file, `console.log(import("${source}"));\n`)).toEqual([
      "no-restricted-syntax",
    ]);
  });

  it.each(RIGHT)("%s may import %s", async (file, source) => {
    expect(await broken(file, `import { a } from "${source}";\nconsole.log(a);\n`)).toEqual([]);
    expect(await broken(file, `console.log(import("${source}"));\n`)).toEqual([]);
  });

  it("has a rule for every folder of code", async () => {
    const folders = ["model", "control", "provider", "components", "ops", "setup", "bench"];
    for (const folder of folders) {
      expect([folder, await broken(`${folder}/x.ts`, 'export * from "../tests/x";\n')]).toEqual([
        folder,
        [RESTRICTED],
      ]);
    }
  });
});

describe("the other rules", () => {
  const lines = (count: number): string => "console.log(1);\n".repeat(count);

  it("keep files and functions short", async () => {
    expect(await broken("model/x.ts", lines(250))).toEqual([]);
    expect(await broken("model/x.ts", lines(251))).toEqual(["max-lines"]);
    expect(await broken("model/x.ts", "\n".repeat(300))).toEqual(["max-lines"]);
    expect(await broken("tests/unit/x.test.ts", lines(400))).toEqual([]);
    expect(await broken("tests/unit/x.test.ts", lines(401))).toEqual(["max-lines"]);
    const long = `export function f() {\n${lines(39)}}\n`;
    expect(await broken("control/x.ts", long)).toEqual(["max-lines-per-function"]);
    expect(await broken("tests/unit/x.test.ts", long)).toEqual([]);
  });

  it("refuse any, and default exports but in config files", async () => {
    expect(await broken("model/x.ts", "export const a: any = 1;\n")).toEqual([
      "@typescript-eslint/no-explicit-any",
    ]);
    expect(await broken("model/x.ts", "export default 1;\n")).toEqual(["no-restricted-exports"]);
    expect(await broken("some.config.ts", "export default 1;\n")).toEqual([]);
  });
});
