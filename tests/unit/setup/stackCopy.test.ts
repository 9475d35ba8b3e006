import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  keepChanges,
  readProject,
  refreshCopy,
  type StackCopy,
  stackCopy,
} from "../../../setup/stackCopy";
import { passphraseFile } from "../../../setup/state";

let folder: string;
let files: StackCopy;
const before = process.env.PGHA_STATE;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pgha-unit-"));
  process.env.PGHA_STATE = join(folder, "state");
  mkdirSync(join(folder, "program"));
  writeFileSync(
    join(folder, "program", "Pulumi.yaml"),
    "name: demo\nruntime: nodejs\nplugins: { providers: [] }\n",
  );
  files = stackCopy(readProject(join(folder, "program")), "dev");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  if (before === undefined) delete process.env.PGHA_STATE;
  else process.env.PGHA_STATE = before;
});

function stateWithSalt(salt: string): void {
  const stacks = join(folder, "state", "backend", ".pulumi", "stacks", "demo");
  mkdirSync(stacks, { recursive: true });
  writeFileSync(
    join(stacks, "dev.json"),
    JSON.stringify({
      checkpoint: { latest: { secrets_providers: { type: "passphrase", state: { salt } } } },
    }),
  );
}

describe("the copy of a stack file", () => {
  it("is absent when there is neither file nor copy", () => {
    expect(refreshCopy(files)).toBeUndefined();
    expect(
      readFileSync(join(folder, "state", "stacks", "demo", "Pulumi.yaml"), "utf8"),
    ).not.toContain("plugins");
  });

  it("keeps the salt of the old copy and follows the tracked file", () => {
    refreshCopy(files);
    writeFileSync(files.copy, "encryptionsalt: v1:old\n");
    writeFileSync(files.tracked, "config:\n  demo:a: 1\n");
    expect(refreshCopy(files)).toBe("config:\n  demo:a: 1\nencryptionsalt: v1:old\n");
    expect(statSync(files.copy).mode & 0o777).toBe(0o600);
  });

  it("takes the salt from the state when the copy is lost", () => {
    stateWithSalt("v1:fromstate");
    writeFileSync(files.tracked, "config: {}\n");
    expect(refreshCopy(files)).toContain("encryptionsalt: v1:fromstate");
  });

  it("does not touch the tracked file for a new salt", () => {
    writeFileSync(files.tracked, "config:\n    demo:a:   1 # odd layout\n");
    const text = refreshCopy(files);
    writeFileSync(files.copy, "config:\n  demo:a: 1\nencryptionsalt: v1:new\n");
    keepChanges(files, text);
    expect(readFileSync(files.tracked, "utf8")).toBe("config:\n    demo:a:   1 # odd layout\n");
  });

  it("makes no tracked file for a stack that has none", () => {
    const text = refreshCopy(files);
    writeFileSync(files.copy, "encryptionsalt: v1:new\n");
    keepChanges(files, text);
    expect(existsSync(files.tracked)).toBe(false);
  });
});

describe("the passphrase", () => {
  it("is made once, for its owner only", () => {
    const file = passphraseFile();
    const text = readFileSync(file, "utf8");
    expect(Buffer.from(text, "base64")).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(passphraseFile(), "utf8")).toBe(text);
  });

  it("is never made anew where stacks need the old one", () => {
    stateWithSalt("v1:x");
    expect(() => passphraseFile()).toThrow(/passphrase of the state is gone.*demo\/dev/s);
  });
});
