import { expect, it } from "vitest";
import { processorSecondsIn } from "../../../bench/stack";

it("takes the processor time from the shell's last line, and nothing for it", () => {
  expect(processorSecondsIn("processor 9 9\nsaid\nprocessor 1.250 0.750\n")).toBe(2);
  expect(() => processorSecondsIn("a processor 1 2 of ours")).toThrow(/did not say/);
});
