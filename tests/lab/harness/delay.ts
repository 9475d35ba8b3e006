/**
 * The fault `delay`: by the kernel's netem where it has one, else by a program (tests/lab/delay) that
 * holds the packets of a netfilter queue.
 */
import { join } from "node:path";
import { ControlError } from "../../../control/errors";
import { usableGo } from "../../../setup/goBuild";
import { withLock } from "../../../setup/lock";
import { tools } from "../../../setup/paths";
import { capture } from "../../../setup/process";
import { lines, say } from "../../../setup/progress";
import { checkTool, provideTool, type Tool } from "../../../setup/tool";
import { versions } from "../../../setup/versions";
import type { Fault } from "./fault";
import { newChain, NO_QDISC, NO_RULES } from "./faults";
import type { Lab } from "./lab";
import { INSIDE } from "./network";
import type { HostPlace } from "./place";

const PROGRAM = "lab-delay";
/** The netfilter queue of a host's namespace: one, as there is one netem. */
const QUEUE = 47;

/**
 * What a host sends arrives so many milliseconds later, give or take `jitterMs`, its containers'
 * packets too. Without netem it is IPv4 only, in order, and over when the host's power is cut. A
 * process of the host itself, not of a container, then sends slowly (at 20 ms some 250 kB/s): the
 * kernel counts what is held as not yet sent.
 */
export async function delay(lab: Lab, name: string, ms: number, jitterMs = 0): Promise<Fault> {
  if (!(ms > 0 && jitterMs >= 0 && jitterMs <= ms))
    throw new RangeError(`a delay of ${ms} ms, give or take ${jitterMs}: not possible`);
  const host = lab.host(name);
  const what = `delay of ${ms} ms on ${name}`;
  return (await hasNetem())
    ? byNetem(what, host, ms, jitterMs)
    : byQueue(what, host, ms, jitterMs, await program());
}

/** Whether this machine's kernel has netem; tried in a namespace that is gone at once. */
async function hasNetem(): Promise<boolean> {
  const argv = ["--net", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"];
  return (await capture("unshare", argv)).code === 0;
}

function byNetem(what: string, host: HostPlace, ms: number, jitterMs: number): Fault {
  return {
    ...{ what, host, at: "network" },
    apply: {
      text: `tc qdisc add dev ${INSIDE} root netem delay "$1ms" "$2ms"`,
      args: [String(ms), String(jitterMs)],
    },
    undo: { text: NO_QDISC, args: ["netem"] },
  };
}

// The rule is the last one: who accepts a packet of a queue ends its way through the table, and one
// that a partition or a loss is to drop must be dropped before. Should the program die, packets pass.
const HOLD = `
set -e
chain=$1 program=$2 delay=$3 jitter=$4 log=$5
ipt() { iptables -w 10 -t mangle "$@"; }
flags=(-fault="$chain" -queue=${QUEUE} -delay="$delay" -jitter="$jitter" -seconds="$FAULT_SECONDS")
cd /
# A session of its own: it lasts when the operator is interrupted, until the host undoes it.
read -r -t 10 said < <(exec setsid "$program" "\${flags[@]}" 2>>"$log") || true
[[ $said == ready ]] || { tail -n 3 "$log" >&2; exit 1; }
ipt -N "\${chain}o"
ipt -A "\${chain}o" -j NFQUEUE --queue-num ${QUEUE} --queue-bypass
ipt -A POSTROUTING -o ${INSIDE} -j "\${chain}o"
`;

// First the rules, so that nothing arrives any more when the program lets go what it holds.
const LET_GO = `
failed=0
(${NO_RULES}) || failed=1
# By an argument of its own; not by the pattern's, which would be grep itself.
mine() { grep -lszFx -f - /proc/[0-9]*/cmdline <<<"-fault=$1" | cut -d / -f 3; }
end() { mine "$2" | while read -r pid; do kill -s "$1" "$pid" 2>/dev/null; done; }
end TERM "$1"
for (( look = 0; look < 100; look++ )); do
  [[ -n $(mine "$1") ]] || exit "$failed"
  sleep 0.05
done
end KILL "$1"
exit "$failed"
`;

function byQueue(what: string, host: HostPlace, ms: number, jitterMs: number, file: string): Fault {
  const chain = newChain();
  return {
    ...{ what, host, at: "network" },
    apply: { text: HOLD, args: [chain, file, `${ms}ms`, `${jitterMs}ms`, host.log] },
    undo: { text: LET_GO, args: [chain] },
  };
}

const tool: Tool = {
  title: PROGRAM,
  version: "1.0.0",
  program: {
    name: PROGRAM,
    version: "1.0.0",
    // From the folder of the set-up's own Go programs.
    dir: join("..", "..", "tests", "lab", "delay"),
    package: ".",
    ldflags: "-s -w",
    output: PROGRAM,
    kind: "bin",
  },
  target: tools("bin", PROGRAM),
  verify: async (file) => {
    const { code, stderr } = await capture(file, ["-help"], { timeoutMs: 10_000 });
    if (code !== 0) throw new Error(`${file} does not run (exit ${code}): ${stderr.trim()}`);
  },
};

/** The program that delays packets, built when it is not there or its sources have changed. */
async function program(): Promise<string> {
  const there = async (): Promise<boolean> => (await checkTool(tool)).present;
  if (await there()) return tool.target;
  if ((await usableGo()) === undefined)
    throw new ControlError({
      doing: "delay packets",
      where: "this machine",
      found: `its kernel has no netem, and there is no Go ${versions.go.minimum} to build a stand-in with`,
      remedy: "Load netem (modprobe sch_netem), or put Go on PATH.",
    });
  const waiting = ({ pid }: { pid: number }): void =>
    say(`Another set-up is at work (process ${pid}): waiting for it.`);
  await withLock(tools("setup.lock"), waiting, async () => {
    if (!(await there())) await provideTool(tool, lines);
  });
  return tool.target;
}
