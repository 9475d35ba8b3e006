/**
 * Beginning and ending faults. Each is bounded in time: `withFault` undoes it, and the host does by
 * itself when whoever began it has died.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { ControlError, describe } from "../../../control/errors";
import { capture } from "../../../setup/process";
import { failure } from "./command";
import { entering } from "./host";
import { netnsFile } from "./network";
import type { HostPlace } from "./place";

/** Seconds after which a fault ends whatever happens, unless told otherwise. */
const LIMIT_SECONDS = 120;
const SCRIPT_MS = 90_000;

/** A program for bash, with what goes into it as `$1`, `$2` ...: nothing needs quoting. */
interface Script {
  readonly text: string;
  readonly args: readonly string[];
}

/** Something that can go wrong on a host, and how it is put right. */
export interface Fault {
  /** As `freeze of db-pg1 on pg1`. */
  readonly what: string;
  readonly host: HostPlace;
  /** `host`: among its processes and files. `network`: in its namespace, also when it is off. */
  readonly at: "host" | "network";
  /** Has in `$FAULT_SECONDS` how long the fault lasts at most. */
  readonly apply: Script;
  /** Does no harm when run twice, or when the fault has gone by itself. */
  readonly undo: Script;
}

/** Ends a fault; called again it gives the same end. */
export type Undo = () => Promise<void>;

/**
 * Begins a fault, and gives its undo. What was half made is undone when this throws.
 *
 * @param limitSeconds after which the host undoes it by itself, should nobody else do; 120.
 */
export async function begin(fault: Fault, limitSeconds = LIMIT_SECONDS): Promise<Undo> {
  const stopWatching = await watch(fault, limitSeconds);
  let ended: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    stopWatching();
    await runScript(fault, "undo", limitSeconds);
  };
  const undo = (): Promise<void> => (ended ??= end());
  try {
    await runScript(fault, "apply", limitSeconds);
    return undo;
  } catch (error) {
    await undo();
    throw error;
  }
}

/**
 * Does the work under faults, begun in turn, and undoes them in any case, the last one first.
 *
 * @throws what the work threw, or that it took longer than the faults last.
 */
export async function withFault<T>(
  faults: Fault | readonly Fault[],
  work: () => Promise<T>,
  limitSeconds = LIMIT_SECONDS,
): Promise<T> {
  const [fault, ...rest] = Array.isArray(faults) ? (faults as Fault[]) : [faults as Fault];
  if (fault === undefined) return withinLimit(work, limitSeconds);
  const undo = await begin(fault, limitSeconds + SCRIPT_MS / 1000);
  let failed: unknown;
  try {
    return await withFault(rest, work, limitSeconds);
  } catch (error) {
    failed = error;
    throw error;
  } finally {
    await undo().catch((error: unknown) => {
      if (failed === undefined) throw error;
      throw new AggregateError([failed, error], `${describe(failed)}; and ${describe(error)}`);
    });
  }
}

async function withinLimit<T>(work: () => Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`the work under a fault did not end within ${seconds} s`);
    timer = setTimeout(() => reject(error), seconds * 1000);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function into({ at, host }: Fault): string[] {
  return at === "host" ? entering(host) : [`--net=${netnsFile(host.netns)}`, "--"];
}

async function runScript(fault: Fault, which: "apply" | "undo", seconds: number): Promise<void> {
  const { text, args } = fault[which];
  const argv = [...into(fault), "bash", "-c", text, "fault", ...args];
  const env = { ...process.env, FAULT_SECONDS: String(seconds) };
  const ran = await capture("nsenter", argv, { timeoutMs: SCRIPT_MS, env });
  if (ran.code === 0) return;
  const doing = which === "apply" ? "begin" : "undo";
  const where = `host ${fault.host.name}`;
  if (/(qdisc kind is unknown|tc: (command )?not found)/.test(ran.stderr))
    throw new ControlError({
      doing: `${doing} a ${fault.what}`,
      where,
      found: `this machine cannot shape packets so: ${ran.stderr.trim()}`,
      remedy:
        "It takes the command tc (package iproute2) and the kernel's queueing discipline (modprobe sch_tbf); run this where they are.",
    });
  throw failure({ doing: `${doing} a ${fault.what}`, where }, "nsenter", argv, ran);
}

/** Leaves the undo with the host, to be run when the time is over; gives the end of that. */
async function watch(fault: Fault, seconds: number): Promise<() => void> {
  const { text, args } = fault.undo;
  const wait = 'sleep "$1"; shift; exec bash -c "$@"';
  const argv = ["bash", "-c", wait, "watch", String(seconds), text, "fault", ...args];
  const child = spawn("nsenter", [...into(fault), ...argv], {
    // A group of its own, which outlives this process and can be ended as a whole.
    detached: true,
    stdio: "ignore",
  });
  await once(child, "spawn");
  child.unref();
  return () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, "SIGKILL");
  };
}
