import { describe, expect, it } from "vitest";
import { Recent } from "../../../control/recent";

describe("Recent", () => {
  it("asks once for all who ask together, each key for itself", async () => {
    let asked = 0;
    const recent = new Recent<number>(10_000);
    const ask = (key: string) => recent.get(key, () => Promise.resolve(++asked));
    expect(await Promise.all([ask("a"), ask("a"), ask("b")])).toEqual([1, 1, 2]);
  });

  it("asks again when the answer is old, failed, or made old", async () => {
    let asked = 0;
    const ask = (): Promise<number> => Promise.resolve(++asked);
    const old = new Recent<number>(0);
    await old.get("a", ask);
    expect(await old.get("a", ask)).toBe(2);
    const recent = new Recent<number>(10_000);
    await expect(recent.get("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await recent.get("a", ask)).toBe(3);
    recent.clear();
    expect(await recent.get("a", ask)).toBe(4);
  });
});
