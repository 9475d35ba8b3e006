/** Lines of logs: cut, merged, formatted; pure. */

/** A line that a container said. */
export interface LogLine {
  readonly container: string;
  /** When the engine took it, RFC 3339 with nanoseconds. */
  readonly at: string;
  readonly text: string;
}

/** Cuts text with the engine's timestamps into lines; one without a timestamp has none. */
export function parseLines(container: string, text: string): LogLine[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const stamped = /^(\d{4}-\d\d-\d\dT\S+) ?(.*)$/s.exec(line.replace(/\r$/, ""));
      return { container, at: stamped?.[1] ?? "", text: stamped?.[2] ?? line };
    });
}

/** Puts the lines of several containers in order of time; those of one stay in theirs. */
export function mergeLines(logs: readonly (readonly LogLine[])[]): LogLine[] {
  return logs.flat().sort((left, right) => (left.at < right.at ? -1 : left.at > right.at ? 1 : 0));
}

/** A line as printed; the container stands before it where there are several (`width` > 0). */
export function formatLine(line: LogLine, width: number): string {
  return width === 0 ? line.text : `${line.container.padEnd(width)} | ${line.text}`;
}

/** Cuts a stream that comes in pieces into whole lines. */
export class LineCutter {
  private rest = "";

  constructor(private readonly sink: (line: string) => void) {}

  /** Takes the next piece. */
  push(text: string): void {
    const lines = `${this.rest}${text}`.split("\n");
    this.rest = lines.pop() ?? "";
    lines.forEach(this.sink);
  }

  /** The end: what is left is a line. */
  end(): void {
    if (this.rest !== "") this.sink(this.rest);
    this.rest = "";
  }
}
