import { describe, expect, it } from "vitest";
import { redraw } from "../../../ops/terminal/watch";

describe("the live view", () => {
  it("draws over the one before, clears what is left of it, and cuts what does not fit", () => {
    const text = redraw("first line\nsecond\nthird", { rows: 3, columns: 5 });
    expect(text).toBe("\u001b[Hfirst\u001b[K\nsecon\u001b[K\n\u001b[J");
  });

  it("shows something on the smallest terminal", () => {
    expect(redraw("ab", { rows: 0, columns: 0 })).toContain("a");
  });
});
