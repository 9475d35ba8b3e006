/** How much memory containers and processes take at most, sampled while something runs. */
import { readdirSync, readFileSync } from "node:fs";
import { dockerClient } from "../control/docker";
import type { HostAccess } from "../model/access";

const CONTAINERS_MS = 2000;
const PROCESSES_MS = 500;
const MIB = 1024 * 1024;
/** Linux on all processors that Docker runs on counts in pages of this size, or says so. */
const PAGE = 4096;

/** Highest sums seen, in MiB. */
export interface Peak {
  containers: number;
  processes: number;
}

/** Watches the containers whose names begin with a prefix, and all that this process started. */
export function watchMemory(host: HostAccess, prefix: string): () => Peak {
  const peak: Peak = { containers: 0, processes: 0 };
  let busy = false;
  const containers = setInterval(() => {
    if (busy) return;
    busy = true;
    containerUse(host, prefix)
      .then(({ memoryMiB }) => (peak.containers = Math.max(peak.containers, memoryMiB)))
      // A container that goes away between the list and its figures costs one sample.
      .catch(() => undefined)
      .finally(() => (busy = false));
  }, CONTAINERS_MS);
  const processes = setInterval(() => {
    peak.processes = Math.max(peak.processes, processMemory(process.pid));
  }, PROCESSES_MS);
  return () => {
    clearInterval(containers);
    clearInterval(processes);
    return peak;
  };
}

/** What the engine's `stats` call gives, as far as it is used. */
interface Usage {
  readonly pids_stats?: { readonly current?: number };
  readonly memory_stats?: {
    readonly usage?: number;
    /** `total_inactive_file` with cgroup 1, `inactive_file` with cgroup 2. */
    readonly stats?: { readonly total_inactive_file?: number; readonly inactive_file?: number };
  };
}

/** As `docker stats` counts: without the file cache that could be given back. */
export function usedBytes({ memory_stats: memory }: Usage): number {
  const idle = memory?.stats?.total_inactive_file ?? memory?.stats?.inactive_file ?? 0;
  return Math.max(0, (memory?.usage ?? 0) - idle);
}

/** What the containers of a host whose names begin with a prefix take together now. */
export async function containerUse(
  host: HostAccess,
  prefix: string,
): Promise<{ readonly memoryMiB: number; readonly processes: number }> {
  const docker = dockerClient(host);
  const running = await docker.listContainers({ filters: { name: [`^/${prefix}`] } });
  const used: Usage[] = await Promise.all(
    running.map(({ Id }) => docker.getContainer(Id).stats({ stream: false, "one-shot": true })),
  );
  return {
    memoryMiB: used.reduce((sum, one) => sum + usedBytes(one), 0) / MIB,
    processes: used.reduce((sum, one) => sum + (one.pids_stats?.current ?? 0), 0),
  };
}

/** Resident memory of the descendants of a process, in MiB; 0 where there is no /proc. */
function processMemory(ancestor: number): number {
  const processes = readProcesses();
  const children = (pid: number): number[] =>
    processes.filter(({ parent }) => parent === pid).map((one) => one.pid);
  const pages = new Map(processes.map(({ pid, resident }) => [pid, resident]));
  const sum = (pid: number): number =>
    children(pid).reduce((all, child) => all + (pages.get(child) ?? 0) + sum(child), 0);
  return (sum(ancestor) * PAGE) / MIB;
}

function readProcesses(): { pid: number; parent: number; resident: number }[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const found = parseStat(readText(`/proc/${name}/stat`));
        return found ? [{ pid: Number(name), ...found }] : [];
      });
  } catch {
    // No /proc: there is nothing to count.
    return [];
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process ended since the directory was read.
    return "";
  }
}

/** Parent and resident pages out of /proc/PID/stat; pure. */
export function parseStat(text: string): { parent: number; resident: number } | undefined {
  // The name in field 2 may hold spaces and brackets and ends at the last bracket.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [parent, resident] = [Number(fields[1]), Number(fields[21])];
  return Number.isInteger(parent) && Number.isInteger(resident) && fields.length > 21
    ? { parent, resident }
    : undefined;
}
