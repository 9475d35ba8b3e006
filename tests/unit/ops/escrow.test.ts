import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { contentNames, escrowContent } from "../../../ops/escrow/content";
import { openEscrow, sealEscrow } from "../../../ops/escrow/format";
import { parseOutputs } from "../../../ops/stack/outputs";
import { sampleOutputs } from "./outputs";

const LABEL = { cluster: "dev", stack: "dev", createdAt: "2026-01-01T00:00:00.000Z" };
const PASSPHRASE = "correct horse battery";
const CHEAP = { N: 1024, r: 8, p: 1 };
const content = escrowContent(parseOutputs("dev", sampleOutputs()), {
  PULUMI_CONFIG_PASSPHRASE: "SECRET-state",
});
const seal = () => sealEscrow(LABEL, content, PASSPHRASE, CHEAP);

type Json = Record<string, unknown>;

describe("the escrow file", () => {
  it("opens with its passphrase and holds every key", async () => {
    const opened = await openEscrow(await seal(), PASSPHRASE, "k.json");
    expect(opened).toEqual({ ...LABEL, content });
    const { keys, consulViewerToken } = sampleOutputs().operations as Json;
    expect(opened.content).toEqual({
      ...(keys as Json),
      consulViewerToken,
      statePassphrase: "SECRET-state",
    });
  });

  it("holds nothing readable of the keys or the passphrase", async () => {
    const text = await seal();
    expect(text).not.toMatch(/SECRET|horse|BEGIN/);
    expect(text).not.toContain(Buffer.from("SECRET").toString("base64").slice(0, 6));
  });

  it("never repeats salt or nonce", async () => {
    const [one, two] = (await Promise.all([seal(), seal()])).map(
      (text) => JSON.parse(text) as Json,
    );
    expect(one?.kdf).not.toEqual(two?.kdf);
    expect(one?.cipher).not.toEqual(two?.cipher);
  });

  it("costs 128 MiB a guess unless a test says otherwise", async () => {
    const file = JSON.parse(await sealEscrow(LABEL, content, PASSPHRASE)) as Json;
    expect(file.kdf).toMatchObject({ name: "scrypt", N: 131_072, r: 8, p: 1 });
  });

  it("takes the same passphrase typed in another Unicode form", async () => {
    const text = await sealEscrow(LABEL, content, "pa\u00dfw\u00f6rter und mehr", CHEAP);
    await expect(
      openEscrow(text, "pa\u00dfwo\u0308rter und mehr", "k.json"),
    ).resolves.toMatchObject(LABEL);
  });

  it("refuses a short passphrase", async () => {
    await expect(sealEscrow(LABEL, content, "short", CHEAP)).rejects.toThrow(
      "The passphrase has 5 characters; at least 12 are needed. Nothing was written.",
    );
  });

  it("refuses a wrong passphrase in plain words", async () => {
    await expect(openEscrow(await seal(), "wrong horse battery", "k.json")).rejects.toThrow(
      "Wrong passphrase: it does not open k.json. Try again.",
    );
  });
});

describe("a changed escrow file", () => {
  const changes: [string, (file: Json) => void][] = [
    ["data", (file) => (file.data = flip(file.data as string))],
    ["the tag", ({ cipher }) => ((cipher as Json).tag = flip((cipher as Json).tag as string))],
    [
      "the nonce",
      ({ cipher }) => ((cipher as Json).nonce = flip((cipher as Json).nonce as string)),
    ],
    ["the cluster's name", (file) => (file.cluster = "other")],
    ["the stack's name", (file) => (file.stack = "other")],
    ["its date", (file) => (file.createdAt = "2030-01-01T00:00:00.000Z")],
  ];
  it.each(changes)("is refused: %s", async (_, change) => {
    const file = JSON.parse(await seal()) as Json;
    change(file);
    await expect(openEscrow(JSON.stringify(file), PASSPHRASE, "k.json")).rejects.toThrow(
      /^k\.json was changed or is damaged/,
    );
  });

  it("is refused with a shortened tag", async () => {
    const file = JSON.parse(await seal()) as Json;
    (file.cipher as Json).tag = Buffer.alloc(4).toString("base64");
    await expect(openEscrow(JSON.stringify(file), PASSPHRASE, "k.json")).rejects.toThrow(/changed/);
  });

  it("is refused when it is cut off, no escrow file, newer, or crafted to eat memory", async () => {
    const text = await seal();
    const file = JSON.parse(text) as Json;
    const open = (changed: string) => openEscrow(changed, PASSPHRASE, "k.json");
    await expect(open(text.slice(0, -20))).rejects.toThrow(/cut off: it is not JSON/);
    await expect(open("{}")).rejects.toThrow(/not a whole escrow file .*format/);
    await expect(open(JSON.stringify({ ...file, version: 2 }))).rejects.toThrow(
      "k.json has format version 2; this project knows 1. Use a newer one.",
    );
    const greedy = { ...file, kdf: { ...(file.kdf as Json), N: 2 ** 30 } };
    await expect(open(JSON.stringify(greedy))).rejects.toThrow(/wrong or missing: kdf\.N/);
  });
});

describe("the content", () => {
  it("takes the state's passphrase from the file that Pulumi reads, or has none", () => {
    const folder = mkdtempSync(join(tmpdir(), "ops-test-"));
    try {
      writeFileSync(join(folder, "passphrase"), "SECRET-file\n");
      const outputs = parseOutputs("dev", sampleOutputs());
      const env = { PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, "passphrase") };
      expect(escrowContent(outputs, env).statePassphrase).toBe("SECRET-file");
      expect(escrowContent(outputs, {}).statePassphrase).toBeNull();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is named without a value", () => {
    const names = contentNames(content);
    expect(names).toContain("passwords (app, replicator)");
    expect(names.join()).not.toContain("SECRET");
    expect(contentNames({ ...content, statePassphrase: null })).not.toContain("statePassphrase");
  });
});

function flip(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString("base64");
}
