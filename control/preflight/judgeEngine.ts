/** What is wrong with a host's engine and its memory. */
import type { HostNeeds } from "../../model/hostResources";
import type { EngineFacts } from "./facts";
import type { Problem } from "./problem";

const OLDEST_ENGINE = [20, 10] as const;
const MIB = 1024 ** 2;
/** Share of a host's memory from which the limits leave little for the host itself. */
const TIGHT_MEMORY = 0.8;

/** Version, kind of containers, limits. */
export function judgeEngine({ access }: HostNeeds, engine: EngineFacts): Problem[] {
  const host = access.name;
  const problem = (bad: boolean, rest: Omit<Problem, "host">): Problem[] =>
    bad ? [{ host, ...rest }] : [];
  const limits = engine.memoryLimit && engine.cgroupDriver !== "none";
  return [
    ...problem(isOld(engine.version), {
      found: `its Docker engine is ${engine.version}`,
      needed: `${OLDEST_ENGINE.join(".")} or newer`,
      remedy: "Update it.",
    }),
    ...problem(engine.system !== "linux", {
      found: `its Docker engine runs ${engine.system} containers`,
      needed: "linux",
      remedy: "Switch it to Linux containers, or choose another host.",
    }),
    ...problem(!limits, {
      found: `its engine cannot limit memory (cgroup driver ${engine.cgroupDriver})`,
      needed: "memory limits, without which one container takes down the host",
      remedy: "Switch the memory cgroup on: `cgroup_enable=memory` on the kernel's command line.",
    }),
    ...problem(limits && !engine.swapLimit, {
      found: "its engine cannot limit swap",
      needed: "swap limits, as PostgreSQL in swap is slow enough to lose its leadership",
      remedy: "Set `swapaccount=1` on the kernel's command line, or have no swap.",
      warning: true,
    }),
    ...problem(engine.rootless, {
      found: "its engine runs without root",
      needed: "an engine that outlives the login of its user",
      remedy: "Have `loginctl enable-linger` set for that user; rootless engines are untested.",
      warning: true,
    }),
  ];
}

/** A version that is no number, as that of a build of one's own, is trusted. */
function isOld(version: string): boolean {
  const match = /^(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major < OLDEST_ENGINE[0] || (major === OLDEST_ENGINE[0] && minor < OLDEST_ENGINE[1]);
}

/** Limits are hard, and nothing swaps: together they must fit. */
export function judgeMemory({ access, memoryMiB }: HostNeeds, engine: EngineFacts): Problem[] {
  const has = Math.floor(engine.memoryBytes / MIB);
  if (memoryMiB <= has * TIGHT_MEMORY) return [];
  const tight = memoryMiB <= has;
  return [
    {
      host: access.name,
      found: `its containers may use ${memoryMiB} MiB together, of ${has} MiB that it has`,
      needed: tight
        ? `${Math.round(TIGHT_MEMORY * 100)} % at most, so that the host keeps some`
        : "less than it has, or the kernel ends PostgreSQL at the worst moment",
      remedy: "Lower `resources.memoryMiB`, let the host run less, or give it more memory.",
      ...(tight ? { warning: true } : {}),
    },
  ];
}
