/** Series of measurements and the table that shows them side by side; pure. */

/** What is counted; empty for plain numbers. */
export type Unit = "s" | "MiB" | "";

/** One kind of measurement: a value for each round. */
export interface Series {
  readonly name: string;
  readonly unit: Unit;
  readonly pulumi: readonly number[];
  /** The same of the compose run; empty where compose has no such thing. */
  readonly compose: readonly number[];
  /** Most that the median may be; undefined where there is no target. */
  readonly target?: number | undefined;
  /** Most that the ratio to compose may be. */
  readonly ratioTarget?: number | undefined;
}

/** Smallest, middle and largest value. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** The spread of some values; undefined when there are none. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined || min === undefined || max === undefined)
    return undefined;
  return { min, median: (low + high) / 2, max };
}

/** Median to median; undefined without both. */
export function ratioOf(series: Series): number | undefined {
  const [own, other] = [spreadOf(series.pulumi), spreadOf(series.compose)];
  return own && other && other.median > 0 ? own.median / other.median : undefined;
}

/** What a series misses of its targets, in words; nothing when it meets them. */
export function missed(series: Series): string[] {
  const { name, unit, target, ratioTarget } = series;
  const [own, ratio] = [spreadOf(series.pulumi), ratioOf(series)];
  const over = own !== undefined && target !== undefined && own.median > target;
  const far = ratio !== undefined && ratioTarget !== undefined && ratio > ratioTarget;
  return [
    ...(over ? [`${name}: median ${show(own.median, unit)}, target ${show(target, unit)}`] : []),
    ...(far ? [`${name}: ${ratio.toFixed(2)} x compose, target ${ratioTarget} x`] : []),
  ];
}

/** The table: one line for each series. */
export function figuresTable(all: readonly Series[]): string {
  const head = ["", "pulumi min / median / max", "compose min / median / max", "ratio", "target"];
  const rows = all.map((series) => [
    series.name,
    spreadText(series.pulumi, series.unit),
    spreadText(series.compose, series.unit),
    ratioOf(series)?.toFixed(2) ?? "-",
    targetText(series),
  ]);
  return table([head, ...rows]);
}

/** Lines of cells, each column as wide as its widest cell. */
export function table(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((row) => row[column]?.length ?? 0)),
  );
  return lines
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Smallest, middle and largest value with their unit; a dash for none. */
export function spreadText(values: readonly number[], unit: Unit): string {
  const spread = spreadOf(values);
  if (spread === undefined) return "-";
  const { min, median, max } = spread;
  return `${number(min, unit)} / ${number(median, unit)} / ${number(max, unit)} ${unit}`.trimEnd();
}

function targetText({ target, ratioTarget, unit }: Series): string {
  const parts = [
    ...(target === undefined ? [] : [show(target, unit)]),
    ...(ratioTarget === undefined ? [] : [`${ratioTarget} x`]),
  ];
  return parts.join(", ") || "-";
}

/** A value with its unit. */
export function show(value: number, unit: Unit): string {
  return `${number(value, unit)} ${unit}`.trimEnd();
}

function number(value: number, unit: Unit): string {
  return unit === "s" ? value.toFixed(1) : value.toFixed(0);
}
