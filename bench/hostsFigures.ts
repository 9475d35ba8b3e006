/** Figures by the number of hosts, and the table that shows how they grow; pure. */
import { show, spreadOf, spreadText, table, type Unit } from "./figures";

/** Number of hosts that targets are set for. */
const TARGET_HOSTS = 3;
/** How much more than linear a figure may grow, as part of it: rounds differ by as much. */
const TOLERANCE = 1.1;

/** One kind of measurement: for each number of hosts a value for each round. */
export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly byHosts: ReadonlyMap<number, readonly number[]>;
  /** Most that the median for three hosts may be. */
  readonly target?: number | undefined;
}

/** Median for so many hosts by that of the first number of hosts. */
function growth({ byHosts }: Figure, count: number): number | undefined {
  const [first, own] = [[...byHosts.values()][0], byHosts.get(count)].map((values) =>
    spreadOf(values ?? []),
  );
  return first && own && first.median > 0 ? own.median / first.median : undefined;
}

/** What figures miss of their targets, in words. */
export function missedByHosts(figures: readonly Figure[]): string[] {
  return figures.flatMap((figure) => {
    const { name, unit, byHosts, target } = figure;
    const three = spreadOf(byHosts.get(TARGET_HOSTS) ?? []);
    const over = three !== undefined && target !== undefined && three.median > target;
    const [first = 1, ...others] = [...byHosts.keys()];
    const grown = others.flatMap((count) => {
      const ratio = growth(figure, count);
      if (ratio === undefined || ratio <= (count / first) * TOLERANCE) return [];
      const linear = (count / first).toFixed(2);
      return [
        `${name}: ${ratio.toFixed(2)} x from ${first} to ${count} hosts, linear is ${linear}`,
      ];
    });
    const median = over ? `median ${show(three.median, unit)}, target ${show(target, unit)}` : "";
    return [...(over ? [`${name}, ${TARGET_HOSTS} hosts: ${median}`] : []), ...grown];
  });
}

/** The table: one line for each figure. */
export function hostsTable(figures: readonly Figure[]): string {
  const numbers = [...(figures[0]?.byHosts.keys() ?? [])];
  const [first, ...others] = numbers;
  const head = [
    "",
    ...numbers.map((count) => `${count} hosts min / median / max`),
    ...others.map((count) => `${count} by ${first}`),
    "target",
  ];
  const rows = figures.map((figure) => [
    figure.name,
    ...numbers.map((count) => spreadText(figure.byHosts.get(count) ?? [], figure.unit)),
    ...others.map((count) => growth(figure, count)?.toFixed(2) ?? "-"),
    figure.target === undefined ? "-" : show(figure.target, figure.unit),
  ]);
  return table([head, ...rows]);
}
