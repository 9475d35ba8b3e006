import { describe, expect, it } from "vitest";
import { formatBackups } from "../../../ops/backup/format";
import { seconds } from "../../../ops/deadline";
import { formatLine, LineCutter, mergeLines, parseLines } from "../../../ops/logs/lines";
import { bytes, duration, table, timestamp } from "../../../ops/table";

describe("tables and units", () => {
  it("pads columns and leaves no space at the end of a line", () => {
    expect(table(["A", "BB"], [["long", "x"], ["y"]])).toBe("A     BB\nlong  x\ny");
    expect(table(["A"], [])).toBe("A");
  });

  it.each([
    [0, "0"],
    [512, "512 B"],
    [1536, "1.5 KiB"],
    [200 * 1024 * 1024, "200 MiB"],
    [5 * 1024 ** 5, "5120 TiB"],
  ])("writes %d bytes as %s", (count, text) => expect(bytes(count)).toBe(text));

  it.each([
    [-3, "0 s"],
    [59.4, "59 s"],
    [3599, "59 min"],
    [3660, "1 h 1 min"],
    [200_000, "2 d 7 h"],
  ])("writes %d seconds as %s", (length, text) => expect(duration(length)).toBe(text));

  it("writes times in UTC", () => expect(timestamp(0)).toBe("1970-01-01 00:00:00Z"));

  it.each(["0", "-1", "soon", "", "1e9"])("refuses %j as a number of seconds", (text) => {
    expect(() => seconds(text)).toThrow(/is not a number of seconds/);
  });
});

describe("backups", () => {
  it("are a table, oldest first", () => {
    const text = formatBackups([
      {
        label: "20260101-000000F",
        type: "full",
        timestamp: { start: 0, stop: 90 },
        info: { size: 1024, repository: { delta: 512 } },
      },
      {
        label: "20260101-000000F_20260102-000000I",
        type: "incr",
        timestamp: { start: 100, stop: 101 },
        error: true,
      },
    ]);
    expect(text.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["BACKUP", "TYPE", "ENDED", "TOOK", "DATABASE", "STORED", "STATE"],
      ["20260101-000000F", "full", "1970-01-01 00:01:30Z", "1 min", "1.0 KiB", "512 B", "good"],
      ["20260101-000000F_20260102-000000I", "incr", "1970-01-01 00:01:41Z", "1 s", "-", "-", "page checksum errors"],
    ]); // prettier-ignore
  });

  it("are said to be missing when there is none", () => {
    expect(formatBackups([])).toMatch(/^There is no backup yet/);
  });
});

describe("logs", () => {
  const at = (second: number) => `2026-01-01T00:00:0${second}.000000001Z`;
  it("are put in order of time; lines of one container stay in theirs", () => {
    const one = parseLines("a", `${at(1)} first\n${at(3)} third\r\n${at(3)} same moment\n`);
    const two = parseLines("bb", `${at(2)} second\n${at(4)} \n`);
    const lines = mergeLines([one, two]).map((line) => formatLine(line, 2));
    expect(lines).toEqual(["a  | first", "bb | second", "a  | third", "a  | same moment", "bb | "]);
    expect(formatLine({ container: "a", at: at(1), text: "x" }, 0)).toBe("x");
  });

  it("keep a line that the engine put no time before", () => {
    expect(parseLines("a", "no time")).toEqual([{ container: "a", at: "", text: "no time" }]);
  });

  it("are cut into whole lines however the stream comes", () => {
    const seen: string[] = [];
    const cutter = new LineCutter((line) => seen.push(line));
    for (const piece of ["a", "b\nc", "\n\nd"]) cutter.push(piece);
    expect(seen).toEqual(["ab", "c", ""]);
    cutter.end();
    cutter.end();
    expect(seen).toEqual(["ab", "c", "", "d"]);
  });
});
