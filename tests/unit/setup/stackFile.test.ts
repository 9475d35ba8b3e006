import { describe, expect, it } from "vitest";
import { providerKeysOf, withProviderKeys, writeBack } from "../../../setup/stackFile";

const tracked = `# about this stack
config:
  pg:cluster: orders # the name
  pg:hosts:
    # the first
    - name: a
      port: 1
    - name: b
`;
const salt = "v1:AAAA:v1:BBBB:CCCC";

describe("the generated copy", () => {
  it("is the tracked file with the salt", () => {
    const copy = withProviderKeys(tracked, { encryptionsalt: salt }, "f");
    expect(providerKeysOf(copy, "f")).toEqual({ encryptionsalt: salt });
    expect(copy).toContain("# the first");
    expect(copy).toContain("pg:cluster: orders");
  });

  it("leaves a tracked file alone that has a provider of its own", () => {
    const own = `${tracked}secretsprovider: awskms://alias/x\nencryptedkey: abc\n`;
    expect(withProviderKeys(own, { encryptionsalt: salt }, "f")).toBe(own);
  });

  it("can be made of an empty file", () => {
    expect(providerKeysOf(withProviderKeys("", { encryptionsalt: salt }, "f"), "f")).toEqual({
      encryptionsalt: salt,
    });
  });

  it("refuses what is no stack file, with its name", () => {
    expect(() => withProviderKeys("- a\n", {}, "Pulumi.x.yaml")).toThrow(
      /Pulumi\.x\.yaml must hold a mapping/,
    );
    expect(() => withProviderKeys("a: [", {}, "Pulumi.x.yaml")).toThrow(
      /Pulumi\.x\.yaml is not valid YAML/,
    );
  });
});

describe("writing back", () => {
  const copy = withProviderKeys(tracked, { encryptionsalt: salt }, "f");

  it("returns the very text when only the salt differs", () => {
    expect(writeBack(tracked, copy, "f")).toBe(tracked);
  });

  it("brings new and changed values, keeps comments, never the salt", () => {
    const changed = copy
      .replace("orders", "sales")
      .replace("port: 1", "port: 2")
      .replace("- name: b", "- name: b\n    - name: c");
    const text = writeBack(tracked, `${changed}  `, "f");
    expect(text).toBe(
      tracked
        .replace("orders", "sales")
        .replace("port: 1", "port: 2")
        .replace("- name: b\n", "- name: b\n    - name: c\n"),
    );
  });

  it("removes what was removed", () => {
    expect(
      writeBack(tracked, `config:\n  pg:cluster: orders\nencryptionsalt: ${salt}\n`, "f"),
    ).toBe("# about this stack\nconfig:\n  pg:cluster: orders # the name\n");
  });

  it("brings secrets, which are encrypted", () => {
    const text = writeBack(
      tracked,
      copy.replace("config:", "config:\n  pg:passwords:\n    secure: v1:xyz"),
      "f",
    );
    expect(text).toContain("pg:passwords:\n    secure: v1:xyz");
    expect(text).not.toContain("encryptionsalt");
  });

  it("starts a file where there was none", () => {
    expect(writeBack("", `config:\n  pg:cluster: a\nencryptionsalt: ${salt}\n`, "f")).toBe(
      "config:\n  pg:cluster: a\n",
    );
  });

  it("keeps the provider that the tracked file has", () => {
    const own = `${tracked}secretsprovider: awskms://alias/x\n`;
    expect(writeBack(own, own.replace("orders", "sales"), "f")).toBe(
      own.replace("orders", "sales"),
    );
  });
});

describe("what Pulumi does to values when it saves", () => {
  const tracked = "config:\n  pg:protect: true\n  pg:count: 3 # members\n  pg:list: [a, b]\n";
  const saved = 'config:\n  pg:protect: "true"\n  pg:count: "3"\n  pg:list:\n    - a\n    - b\n';

  it("is no change", () => {
    expect(writeBack(tracked, saved, "f")).toBe(tracked);
  });

  it("does not come along with a change beside it", () => {
    const text = writeBack(tracked, `${saved}  pg:new: x\n`, "f");
    expect(text).toContain("pg:protect: true\n");
    expect(text).toContain("pg:count: 3 # members");
    expect(text).toContain("pg:new: x");
  });
});
