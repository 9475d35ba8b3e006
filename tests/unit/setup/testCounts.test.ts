import { describe, expect, it } from "vitest";
import { countGo, countVitest, lastLine, none, sum } from "../../../setup/testCounts";

const file = (status: string, ...states: string[]): unknown => ({
  name: "f",
  status,
  assertionResults: states.map((state) => ({ status: state })),
});
const report = (...testResults: unknown[]): string => JSON.stringify({ testResults });

describe("counting vitest", () => {
  it("counts each state", () => {
    const text = report(
      file("failed", "passed", "failed"),
      file("passed", "passed", "pending", "todo", "skipped"),
    );
    expect(countVitest(text, 1)).toEqual({ passed: 2, failed: 1, skipped: 3 });
  });

  it("counts a file that could not be loaded", () => {
    expect(countVitest(report(file("failed")), 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it("never calls a failed run green", () => {
    expect(countVitest(report(file("passed", "passed")), 1).failed).toBe(1);
    expect(countVitest(undefined, 137).failed).toBe(1);
    expect(countVitest('{"testRes', 137).failed).toBe(1);
  });
});

describe("counting go test", () => {
  const event = (fields: object): string => JSON.stringify(fields);

  it("counts tests, not packages, and keeps the words of the failed", () => {
    const lines = [
      event({ Action: "output", Package: "p", Test: "A", Output: "fine\n" }),
      event({ Action: "pass", Package: "p", Test: "A" }),
      event({ Action: "output", Package: "p", Test: "B", Output: "wrong\n" }),
      event({ Action: "fail", Package: "p", Test: "B" }),
      event({ Action: "skip", Package: "p", Test: "C" }),
      event({ Action: "fail", Package: "p" }),
    ].join("\n");
    expect(countGo(lines, 1)).toEqual({ passed: 1, failed: 1, skipped: 1, output: "wrong\n" });
  });

  it("counts a package that does not build", () => {
    const lines = [
      event({ Action: "build-output", ImportPath: "p", Output: "syntax error\n" }),
      event({ Action: "build-fail", ImportPath: "p" }),
    ].join("\n");
    expect(countGo(lines, 1)).toMatchObject({ failed: 1, output: "syntax error\n" });
  });
});

describe("the last line", () => {
  it("names skipped tests only where there are some", () => {
    expect(lastLine(sum([none, { passed: 2, failed: 1, skipped: 0 }]))).toBe("2 passed, 1 failed");
    expect(lastLine({ passed: 2, failed: 0, skipped: 3 })).toBe("2 passed, 0 failed, 3 skipped");
  });
});
