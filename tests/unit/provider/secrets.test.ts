import { describe, expect, it } from "vitest";
import {
  CHANGED,
  SIGNATURE,
  UNKNOWN,
  hasUnknown,
  markChanged,
  unwrap,
  wrap,
} from "../../../provider/secrets";

const secret = (value: unknown): unknown => ({
  [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270",
  value,
});

describe("unwrap and wrap", () => {
  it("keeps every secret where it was", () => {
    const wire = {
      plain: 1,
      key: secret("k"),
      files: { "a.conf": { content: secret("c"), mode: "0600" } },
    };
    const { value, secretPaths } = unwrap(wire);
    expect(value).toEqual({
      plain: 1,
      key: "k",
      files: { "a.conf": { content: "c", mode: "0600" } },
    });
    expect(wrap(value, [], secretPaths)).toEqual(wire);
  });

  it("always hides the secret fields of a type", () => {
    expect(wrap({ password: "p", name: "n" }, ["password"])).toEqual({
      password: secret("p"),
      name: "n",
    });
  });

  it("hides a whole list when an item was secret, since items move", () => {
    const { value, secretPaths } = unwrap({ list: ["a", secret("b")] });
    expect(wrap(value, [], secretPaths)).toEqual({ list: secret(["a", "b"]) });
  });

  it("takes a secret inside a secret for one", () => {
    expect(unwrap({ a: secret({ b: secret("c") }) }).value).toEqual({ a: { b: "c" } });
  });

  it("leaves undefined out and unknowns bare", () => {
    expect(wrap({ a: undefined, password: UNKNOWN }, ["password"])).toEqual({ password: UNKNOWN });
  });

  it("understands output values", () => {
    const output = { [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", value: "v", secret: true };
    expect(unwrap({ a: output })).toEqual({ value: { a: "v" }, secretPaths: [["a"]] });
    const unknown = { [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4" };
    expect(hasUnknown(unwrap({ a: unknown }).value)).toBe(true);
  });

  it("takes nothing for no properties", () => {
    expect(unwrap(undefined)).toEqual({ value: {}, secretPaths: [] });
  });
});

describe("markChanged", () => {
  const state = { files: { a: { content: "old" } }, password: "p" };
  const paths = [["files", "a", "content"], ["password"]];

  it("shows that a secret changed, and never its live value", () => {
    const live = { files: { a: { content: "edited-secret" } }, password: "p" };
    const marked = markChanged(live, state, paths);
    expect(marked).toEqual({ files: { a: { content: CHANGED } }, password: "p" });
    const wire = wrap(marked, ["password"], paths);
    expect(wire).toEqual({ files: { a: { content: CHANGED } }, password: secret("p") });
  });

  it("still hides what is behind the mark when it is read again", () => {
    const again = unwrap({ files: { a: { content: CHANGED } } });
    const marked = markChanged(
      { files: { a: { content: "edited-secret" } } },
      again.value,
      again.secretPaths,
    );
    expect(JSON.stringify(wrap(marked, [], again.secretPaths))).not.toContain("edited-secret");
  });

  it("does not mind what is gone", () => {
    expect(markChanged({ files: {} }, state, paths)).toEqual({ files: {} });
  });
});
