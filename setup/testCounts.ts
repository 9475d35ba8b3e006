/** How many tests ended how. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The parts of vitest's JSON report that are counted. */
interface VitestReport {
  testResults?: { name?: string; status?: string; assertionResults?: { status: string }[] }[];
}

/** No tests at all. */
export const none: Counts = { passed: 0, failed: 0, skipped: 0 };

/** The sum of several counts. */
export function sum(all: Counts[]): Counts {
  const add = (a: Counts, b: Counts): Counts => ({
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  });
  return all.reduce(add, none);
}

/**
 * Counts a vitest run. A file that could not be run counts as one failure, as does a run that
 * failed with no failed test (an error outside of the tests), so that nothing broken looks green.
 */
export function countVitest(report: string | undefined, exitCode: number): Counts {
  const counts = { ...none };
  for (const file of parseReport(report)?.testResults ?? []) {
    const states = (file.assertionResults ?? []).map(({ status }) => status);
    counts.passed += states.filter((status) => status === "passed").length;
    counts.failed += states.filter((status) => status === "failed").length;
    counts.skipped += states.filter((status) => !["passed", "failed"].includes(status)).length;
    if (file.status === "failed" && !states.includes("failed")) counts.failed++;
  }
  if (exitCode !== 0 && counts.failed === 0) counts.failed++;
  return counts;
}

function parseReport(text: string | undefined): VitestReport | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as VitestReport;
  } catch {
    // A report cut short belongs to a run that was cut short: its exit code makes it a failure.
    return undefined;
  }
}

/** What a `go test -json` run was: its counts and what its failed tests printed. */
export function countGo(stdout: string, exitCode: number): Counts & { output: string } {
  const counts = { ...none };
  const printed = new Map<string, string>();
  let output = "";
  for (const line of stdout.split("\n")) {
    if (!line.startsWith("{")) continue;
    const event = JSON.parse(line) as {
      Action?: string;
      Package?: string;
      Test?: string;
      ImportPath?: string;
      Output?: string;
    };
    const key = `${event.Package ?? event.ImportPath ?? ""} ${event.Test ?? ""}`;
    if (event.Action === "output" || event.Action === "build-output")
      printed.set(key, (printed.get(key) ?? "") + (event.Output ?? ""));
    if (event.Action === "build-fail" || event.Action === "fail") output += printed.get(key) ?? "";
    if (!event.Test) continue;
    if (event.Action === "pass") counts.passed++;
    if (event.Action === "fail") counts.failed++;
    if (event.Action === "skip") counts.skipped++;
  }
  if (exitCode !== 0 && counts.failed === 0) counts.failed++;
  return { ...counts, output };
}

/** The last line of a test run. */
export function lastLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
