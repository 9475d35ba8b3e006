import { describe, expect, it } from "vitest";
import { accessDiffers, differences, same } from "../../../provider/diff";
import { UNKNOWN, type Props } from "../../../provider/secrets";
import type { AnyType } from "../../../provider/type";

const never = (): Promise<never> => Promise.reject(new Error("not called by a comparison"));
const type: AnyType = {
  type: "pgha:index:Test",
  secretFields: [],
  computed: ["imageId"],
  access: ["members"],
  replaceOn: ["name"],
  ignored: ["timeout"],
  create: never,
  read: never,
  update: never,
  delete: never,
};
const state: Props = { name: "a", size: 1, members: ["x", "y", "z"], timeout: 5, imageId: "sha" };

describe("differences", () => {
  it("sees nothing in equal inputs, computed fields aside", () => {
    const { imageId: _, ...inputs } = state;
    expect(differences(type, state, inputs)).toEqual({ changed: [], replaces: [] });
  });

  it.each([
    [{ ...state, size: 2 }, ["size"], []],
    [{ ...state, name: "b" }, ["name"], ["name"]],
    [{ ...state, timeout: 6 }, [], []],
    [{ ...state, extra: 1 }, ["extra"], []],
    [{ ...state, size: undefined }, ["size"], []],
    [{ ...state, size: UNKNOWN }, ["size"], []],
    [{ ...state, members: ["x", "y", "z", "new"] }, [], []],
    [{ ...state, members: ["x", "y"] }, [], []],
    [{ ...state, members: ["new", "other", "z"] }, ["members"], []],
  ])("%j", (news, changed, replaces) => {
    expect(differences(type, state, news)).toEqual({ changed, replaces });
  });

  it("adds what a type finds stale, without replacing", () => {
    const stale = { ...type, stale: () => ["name"] };
    expect(differences(stale, state, state)).toEqual({ changed: ["name"], replaces: [] });
  });
});

describe("same", () => {
  it.each([
    [undefined, null, true],
    [{ a: undefined }, {}, true],
    [[1, { b: [2] }], [1, { b: [2] }], true],
    [[1, 2], [2, 1], false],
    [{ a: 1 }, [1], false],
    ["1", 1, false],
  ])("%j and %j: %s", (left, right, expected) => {
    expect(same(left, right)).toBe(expected);
  });
});

describe("accessDiffers", () => {
  it("compares what is no list whole: a host reached another way must be learnt", () => {
    expect(accessDiffers({ docker: "ssh://a" }, { docker: "ssh://b" })).toBe(true);
    expect(accessDiffers({ docker: "ssh://a" }, { docker: "ssh://a" })).toBe(false);
  });
});
