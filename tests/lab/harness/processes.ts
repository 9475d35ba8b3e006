/** Who belongs to a host: found by namespace and by socket, never by what a process is called. */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { NotYet, until } from "../../../control/until";
import { isNamespace, netnsFile } from "./network";

const END_MS = 30_000;

const numbers = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/**
 * What `look` gives; undefined when the process has ended in between, or shows itself to nobody, as
 * the first one of a locked-down machine: root started the lab's, and sees them.
 */
export function ifAlive<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return undefined;
    throw error;
  }
}

/** Processes in a network namespace: the host's own, without those of its containers. */
export function inNamespace(netns: string): number[] {
  if (!isNamespace(netns)) return [];
  const wanted = `net:[${statSync(netnsFile(netns)).ino}]`;
  return numbers().filter((pid) => ifAlive(() => readlinkSync(`/proc/${pid}/ns/net`)) === wanted);
}

/** The host's first process, as the machine numbers it; undefined when the host is off. */
export function firstProcess(netns: string): number | undefined {
  return inNamespace(netns).find((pid) => {
    const text = ifAlive(() => readFileSync(`/proc/${pid}/status`, "utf8")) ?? "";
    // Number 1 one level down; a container on the host's network is number 1 two levels down.
    const inner = /^NSpid:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
    return inner.length === 2 && inner[1] === "1" && !/^State:\s+Z/m.test(text);
  });
}

/** Processes that listen on a unix socket, also when its file is gone. */
export function listeners(path: string): number[] {
  const inodes = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[7] === path)
    .map((fields) => `socket:[${fields[6]}]`);
  if (inodes.length === 0) return [];
  return numbers().filter((pid) =>
    (ifAlive(() => readdirSync(`/proc/${pid}/fd`)) ?? []).some((fd) =>
      inodes.includes(ifAlive(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? ""),
    ),
  );
}

/**
 * Kills processes as a power cut would, those that they start meanwhile as well, and waits until
 * none is left. With the first process of a host the kernel ends all in it, containers included.
 */
export async function killAll(what: string, find: () => number[]): Promise<void> {
  await until(`the end of ${what}`, { timeoutMs: END_MS, intervalMs: 50 }, () => {
    const left = find();
    for (const pid of left) killed(pid);
    if (left.length > 0) throw new NotYet(`processes ${left.join(", ")} are there`);
    return Promise.resolve();
  });
}

function killed(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
