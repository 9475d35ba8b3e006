import { describe, expect, it } from "vitest";
import { changes, merged, ownedPart, patchFor } from "../../../control/mergePatch";

describe("patchFor", () => {
  it("removes what is named no more, at any depth, and nothing else", () => {
    const old = { ttl: 20, maximum_lag: 1, postgresql: { parameters: { a: 1, b: 2 } } };
    const now = { ttl: 30, postgresql: { parameters: { b: 2 } } };
    expect(patchFor(old, now)).toEqual({
      ttl: 30,
      maximum_lag: null,
      postgresql: { parameters: { a: null, b: 2 } },
    });
  });
});

describe("ownedPart", () => {
  it("gives live values of owned keys only, and leaves out missing ones", () => {
    const live = { ttl: 33, other: 1, postgresql: { use_slots: true, z: 9 } };
    const owned = { ttl: 20, gone: true, postgresql: { use_slots: false } };
    expect(ownedPart(live, owned)).toEqual({ ttl: 33, postgresql: { use_slots: true } });
  });

  it("gives every live parameter, so that one that nobody declared shows", () => {
    const live = { postgresql: { parameters: { a: 2, fsync: "off" } } };
    const owned = { postgresql: { parameters: { a: 1 } } };
    expect(ownedPart(live, owned)).toEqual(live);
  });
});

describe("merged", () => {
  it("keeps what either names, at any depth", () => {
    const first = { a: 1, deep: { x: 1, y: 1 } };
    expect(merged(first, { b: 2, deep: { y: 2 } })).toEqual({ a: 1, b: 2, deep: { x: 1, y: 2 } });
  });
});

describe("changes", () => {
  it.each([
    [{ a: 1 }, { a: 1 }, false],
    [{ a: 1 }, { a: 2 }, true],
    [{ a: 1 }, { b: null }, false],
    [{ a: 1 }, { a: null }, true],
    [{ a: { b: [1] } }, { a: { b: [1] } }, false],
    [{}, { a: { b: 1 } }, true],
  ])("%j patched with %j: %s", (live, patch, expected) => {
    expect(changes(live, patch)).toBe(expected);
  });
});
