/** Cgroups that an engine leaves when it is killed. */
import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { NotYet, until } from "../../../control/until";

const END_MS = 15_000;

/** Folders of a cgroup in all hierarchies of this machine, of version 1 and 2. */
function cgroupFolders(cgroup: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => join(line.split(" ")[4] ?? "", cgroup))
    .filter((folder) => existsSync(folder));
}

/** Seconds of processor that all below a cgroup has taken so far. */
export function processorTime(cgroup: string): number {
  for (const folder of cgroupFolders(cgroup)) {
    const [one, two] = ["cpuacct.usage", "cpu.stat"].map((name) => join(folder, name));
    if (one && existsSync(one)) return Number(readFileSync(one, "utf8")) / 1e9;
    const usage =
      two && existsSync(two) ? /^usage_usec (\d+)/m.exec(readFileSync(two, "utf8")) : null;
    if (usage) return Number(usage[1]) / 1e6;
  }
  throw new Error(`no hierarchy counts the processor time of cgroup ${cgroup}`);
}

/** Removes a cgroup and all below it, once the kernel has counted its last process out. */
export async function removeCgroup(cgroup: string): Promise<void> {
  const busy = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "EBUSY";
  const limits = { timeoutMs: END_MS, intervalMs: 50, retry: busy };
  await until(`the removal of cgroup ${cgroup}`, limits, () => {
    for (const folder of cgroupFolders(cgroup)) removeFolder(folder);
    const left = cgroupFolders(cgroup);
    if (left.length > 0) throw new NotYet(left.join(", "));
    return Promise.resolve();
  });
}

// Files of a cgroup go with it and cannot be unlinked.
function removeFolder(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeFolder(join(folder, entry.name));
  rmdirSync(folder);
}
