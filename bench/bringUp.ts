/** `bring-up`: from nothing to a cluster that is true, beside docker compose, round by round. */
import { loadavg } from "node:os";
import { join } from "node:path";
import { dockerClient } from "../control/docker";
import { withLock } from "../setup/lock";
import { tools } from "../setup/paths";
import { say } from "../setup/progress";
import type { HostAccess } from "../model/access";
import { ComposeRun, findCompose } from "./compose";
import { figuresTable, missed, type Series } from "./figures";
import { type Peak, watchMemory } from "./memory";
import { benchConfig, CLUSTER, localHost, removeLeftovers, workFolder } from "./place";
import { BenchStack } from "./stack";
import { parseExport } from "./state";

/** Options of the command. */
export interface BringUpOptions {
  readonly rounds: number;
  readonly json?: boolean;
}

/** What one side of one round took: seconds, and memory while it came up. */
interface Measured {
  readonly fresh: number;
  readonly again: number;
  readonly preview?: number;
  readonly down: number;
  readonly peak: Peak;
}

/** A round; the compose side takes its containers and files from the Pulumi side. */
interface Round {
  readonly pulumi: Measured;
  readonly compose: Measured;
}

/** Runs the rounds and prints the figures. */
export async function bringUp(options: BringUpOptions): Promise<number> {
  const waiting = ({ pid }: { pid: number }): void => say(`Waiting for another bench (${pid}).`);
  return withLock(tools("bench.lock"), waiting, () => measure(options));
}

async function measure({ rounds, json }: BringUpOptions): Promise<number> {
  const compose = await findCompose();
  const host = await localHost();
  const folder = workFolder();
  removeLeftovers();
  say(`${rounds} round(s); compose is ${compose.version}; load ${loadavg()[0]?.toFixed(1) ?? "?"}`);
  const all: Round[] = [];
  while (all.length < rounds) {
    const number = all.length + 1;
    const before = await imageCount(host);
    const round = await oneRound(host, join(folder, `${number}-${Date.now()}`), compose.argv);
    // "From nothing" is with images present: a round that built some is not one of the figures.
    if ((await imageCount(host)) !== before) say("  images were built: this round does not count");
    else all.push(round);
  }
  const series = seriesOf(all);
  process.stdout.write(json ? `${JSON.stringify(series, null, 2)}\n` : report(series, rounds));
  return 0;
}

async function imageCount(host: HostAccess): Promise<number> {
  const images = await dockerClient(host).listImages();
  return images.filter(({ RepoTags }) => RepoTags?.some((tag) => tag.startsWith("postgres-ha/")))
    .length;
}

async function oneRound(
  host: HostAccess,
  folder: string,
  composeArgv: readonly string[],
): Promise<Round> {
  const stack = new BenchStack(folder);
  await stack.create(benchConfig(host));
  const peak = watchMemory(host, `${CLUSTER}-`);
  const fresh = await timed("pulumi: up from nothing", () => stack.up());
  const pulumiPeak = { ...peak() };
  const again = await timed("pulumi: up again", () => stack.upUnchanged());
  const preview = await timed("pulumi: preview", () => stack.preview());
  const declared = parseExport(await stack.export());
  const down = await timed("pulumi: destroy", () => stack.destroy());
  const pulumi = { fresh, again, preview, down, peak: pulumiPeak };
  removeLeftovers();
  const compose = await composeSide(host, new ComposeRun(composeArgv, declared, folder));
  removeLeftovers();
  return { pulumi, compose };
}

async function composeSide(host: HostAccess, run: ComposeRun): Promise<Measured> {
  const peak = watchMemory(host, `${CLUSTER}-`);
  const fresh = await timed("compose: up from nothing", () => run.up());
  const composePeak = { ...peak() };
  const again = await timed("compose: up again", () => run.again());
  const down = await timed("compose: down", () => run.down());
  return { fresh, again, down, peak: composePeak };
}

async function timed(what: string, work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  say(`  ${what.padEnd(26)}${seconds.toFixed(1)} s   (load ${loadavg()[0]?.toFixed(1) ?? "?"})`);
  return seconds;
}

function seriesOf(rounds: readonly Round[]): Series[] {
  const both = (
    name: string,
    unit: Series["unit"],
    value: (side: Measured) => number | undefined,
  ): Series => {
    const of = (side: keyof Round): number[] => rounds.flatMap((round) => value(round[side]) ?? []);
    return { name, unit, pulumi: of("pulumi"), compose: of("compose") };
  };
  return [
    { ...both("from nothing", "s", (side) => side.fresh), target: 60, ratioTarget: 3 },
    { ...both("unchanged up", "s", (side) => side.again), target: 10 },
    { ...both("preview, with refresh", "s", (side) => side.preview), target: 6 },
    both("removal", "s", (side) => side.down),
    both("peak memory, containers", "MiB", (side) => side.peak.containers),
    both("peak memory, commands", "MiB", (side) => side.peak.processes),
  ];
}

function report(series: readonly Series[], rounds: number): string {
  const bad = series.flatMap(missed);
  const lines = [
    figuresTable(series),
    "",
    `${rounds} round(s). Images present. "From nothing" ends when the condition of \`up\` holds on both`,
    "sides; on the compose side config files and certificates lie ready, and the tokens, roles and",
    "stanza that a person would make by hand are made by the least calls, inside the time.",
    ...(bad.length > 0 ? ["Targets missed:", ...bad.map((text) => `  ${text}`)] : ["Targets met."]),
  ];
  return `${lines.join("\n")}\n`;
}
