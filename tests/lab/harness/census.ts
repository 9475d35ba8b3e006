/** What there is of a lab on the machine, looked for in other ways than those that remove it. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { dirname } from "node:path";
import { must } from "./command";
import type { Place } from "./place";
import { ifAlive } from "./processes";

const purpose = { doing: "look for what is left", where: "this machine" };

/** Every trace of a lab, one line each; none when it is down. */
export async function traces(place: Place): Promise<string[]> {
  const words = [place.prefix, place.cgroup, place.comment, place.folder];
  const mentions = (line: string): boolean => words.some((word) => line.includes(word));
  const found = {
    device: await printed("ip", ["-brief", "link", "show"]),
    address: await printed("ip", ["-brief", "address", "show"]),
    namespace: await printed("ip", ["netns", "list"]),
    rule: await printed("iptables-save", []),
    mount: readFileSync("/proc/self/mountinfo", "utf8").split("\n"),
    socket: readFileSync("/proc/net/unix", "utf8").split("\n"),
    loop: existsSync("/sys/block") ? loops() : [],
    process: processes(),
    cgroup: readdirSync("/sys/fs/cgroup", { recursive: true }).map(String),
    file: existsSync(dirname(place.folder))
      ? readdirSync(dirname(place.folder)).map((name) => `${dirname(place.folder)}/${name}`)
      : [],
  };
  return Object.entries(found).flatMap(([kind, lines]) =>
    lines.filter((line) => mentions(`/${line}`)).map((line) => `${kind}: ${line.trim()}`),
  );
}

async function printed(command: string, args: string[]): Promise<string[]> {
  return (await must(purpose, command, args)).split("\n");
}

function loops(): string[] {
  return readdirSync("/sys/block")
    .map((name) => `/sys/block/${name}/loop/backing_file`)
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8"));
}

/** Command line, cgroups and working directory of every process but this one; of none that is dead. */
function processes(): string[] {
  const own = String(process.pid);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== own)
    .map((pid) => {
      const of = (look: () => string): string => {
        try {
          return look();
        } catch {
          // It has ended, or shows itself to nobody: neither is a trace.
          return "";
        }
      };
      const command = of(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
      const groups = of(() => readFileSync(`/proc/${pid}/cgroup`, "utf8")).replaceAll("\n", " ");
      return `${pid} ${command} ${groups} ${of(() => readlinkSync(`/proc/${pid}/cwd`))}`;
    });
}

/** Processes of a pid namespace or of one made in it, those of containers included. */
export function withDescendants(first: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const all = [first];
  for (const pid of all) all.push(...(children.get(pid) ?? []));
  return all;
}

/** Number of a process's parent; undefined when it is not there, or dead and waiting to be reaped. */
export function parentOf(pid: number): number | undefined {
  const text = ifAlive(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (text === undefined) return undefined;
  const [state, parent] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return state === "Z" ? undefined : Number(parent);
}
