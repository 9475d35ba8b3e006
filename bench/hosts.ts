/** `hosts`: from nothing to a cluster on several Docker hosts, round by round, by their number. */
import { mkdirSync, mkdtempSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { withLock } from "../setup/lock";
import { tools } from "../setup/paths";
import { say } from "../setup/progress";
import { processorTime } from "../tests/lab/harness/cgroups";
import { logins } from "../tests/lab/harness/logins";
import { type Figure, hostsTable, missedByHosts } from "./hostsFigures";
import { hostsConfig, labOfBench, removeLabAtExit } from "./hostsPlace";
import { containerUse } from "./memory";
import { CLUSTER, workFolder } from "./place";
import { BenchStack } from "./stack";

/** Options of the command. */
export interface HostsOptions {
  /** Numbers of hosts; the first is what the others are compared with. */
  readonly hosts: readonly number[];
  readonly rounds: number;
  readonly json?: boolean;
}

/** A command that was timed, and how often it logged in. */
interface Timed {
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly logins: number;
}

/** What a round on so many hosts came to. */
interface Round {
  readonly fresh: Timed;
  readonly again: Timed;
  readonly preview: Timed;
  readonly memoryMiB: number;
  readonly processes: number;
  /** How many processors the containers take while nobody does anything. */
  readonly idle: number;
}

/** How long an idle cluster is watched: its health checks and its archiving come in a minute. */
const IDLE_MS = 60_000;

/** Runs the rounds and prints the figures. */
export async function hosts(options: HostsOptions): Promise<number> {
  const waiting = ({ pid }: { pid: number }): void => say(`Waiting for another bench (${pid}).`);
  return withLock(tools("bench.lock"), waiting, () => measure(options));
}

async function measure({ hosts: numbers, rounds, json }: HostsOptions): Promise<number> {
  const folder = workFolder();
  removeLabAtExit();
  const all = new Map<number, Round[]>(numbers.map((count) => [count, []]));
  for (let number = 1; number <= rounds; number++)
    for (const count of numbers) {
      say(`round ${number} of ${rounds}, ${count} hosts; load ${load()}`);
      all.get(count)?.push(await oneRound(count, mkdtempSync(join(folder, "r-"))));
    }
  const figures = figuresOf(all);
  const missed = missedByHosts(figures);
  process.stdout.write(
    json
      ? `${JSON.stringify(figures, null, 2)}\n`
      : `${[
          hostsTable(figures),
          "",
          `${rounds} round(s). From nothing: hosts without images, which this machine's engine has.`,
          "Growth is the median by that of the first number of hosts; linear is the target.",
          ...(missed.length > 0
            ? ["Targets missed:", ...missed.map((text) => `  ${text}`)]
            : ["Targets met."]),
        ].join("\n")}\n`,
  );
  return 0;
}

async function oneRound(count: number, folder: string): Promise<Round> {
  const lab = labOfBench();
  await lab.down();
  await lab.up(count);
  try {
    // For the questions about memory, which go by ssh as well.
    Object.assign(process.env, lab.environment());
    let commands = 0;
    // Each command logs in anew: none finds a shared connection of the one before.
    const stack = new BenchStack(folder, () => {
      const sockets = join(folder, String(++commands));
      mkdirSync(sockets, { mode: 0o700 });
      return { ...lab.environment(), XDG_RUNTIME_DIR: sockets };
    });
    await stack.create(hostsConfig(lab.stackHosts()));
    const counted = (): number => lab.places().reduce((sum, host) => sum + logins(host).length, 0);
    const timed = async (what: string, work: () => Promise<void>): Promise<Timed> => {
      const [before, started] = [counted(), performance.now()];
      await work();
      const seconds = (performance.now() - started) / 1000;
      say(`  ${what.padEnd(18)}${seconds.toFixed(1)} s   (load ${load()})`);
      const { processorSeconds } = stack;
      return { seconds, processorSeconds, logins: counted() - before };
    };
    const fresh = await timed("up from nothing", () => stack.up());
    const again = await timed("up again", () => stack.upUnchanged());
    const preview = await timed("preview", () => stack.preview());
    const used = await Promise.all(lab.hosts.map((host) => containerUse(host, `${CLUSTER}-`)));
    const sum = (of: (one: (typeof used)[number]) => number): number =>
      used.reduce((all, one) => all + of(one), 0);
    return {
      ...{ fresh, again, preview },
      idle: await idleUse(lab.place.cgroup),
      memoryMiB: sum((one) => one.memoryMiB),
      processes: sum((one) => one.processes),
    };
  } finally {
    await lab.down();
  }
}

async function idleUse(cgroup: string): Promise<number> {
  const [before, started] = [processorTime(cgroup), performance.now()];
  await pause(IDLE_MS); // what is used in that time is the figure
  return ((processorTime(cgroup) - before) * 1000) / (performance.now() - started);
}

function figuresOf(rounds: ReadonlyMap<number, readonly Round[]>): Figure[] {
  const figure = (
    name: string,
    unit: Figure["unit"],
    value: (round: Round) => number,
    target?: number,
  ): Figure => ({
    ...{ name, unit, target },
    byHosts: new Map([...rounds].map(([count, list]) => [count, list.map(value)])),
  });
  return [
    figure("up from nothing, images carried", "s", ({ fresh }) => fresh.seconds, 150),
    figure("unchanged up", "s", ({ again }) => again.seconds, 15),
    figure("preview, with refresh", "s", ({ preview }) => preview.seconds, 10),
    figure("processor time of unchanged up", "s", ({ again }) => again.processorSeconds),
    figure("processor time of preview", "s", ({ preview }) => preview.processorSeconds),
    figure("processor time of idle containers, a minute", "s", ({ idle }) => idle * 60),
    figure("ssh logins of up from nothing", "", ({ fresh }) => fresh.logins),
    figure("ssh logins of unchanged up", "", ({ again }) => again.logins),
    figure("ssh logins of preview", "", ({ preview }) => preview.logins),
    figure("processes in containers", "", ({ processes }) => processes),
    figure("memory of containers", "MiB", ({ memoryMiB }) => memoryMiB),
  ];
}

const load = (): string => loadavg()[0]?.toFixed(1) ?? "?";
