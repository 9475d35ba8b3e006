/** What can go wrong on a host or in its network; `withFault` makes it so for a while. */
import type { Fault } from "./fault";
import type { Lab } from "./lab";
import { INSIDE } from "./network";
import type { HostPlace } from "./place";

const container = (
  lab: Lab,
  host: string,
  name: string,
  what: string,
  apply: string,
  undo: string,
  args: readonly string[] = [],
): Fault => ({
  what: `${what} of ${name} on ${host}`,
  host: lab.host(host),
  at: "host",
  apply: { text: apply, args: [name, ...args] },
  undo: { text: undo, args: [name] },
});

// Not when the engine's policy or somebody else was first.
const START =
  '[[ $(docker inspect --format "{{.State.Running}}" "$1") == true ]] || docker start "$1"';

/** Sends a signal to a container's first process by the engine, which does not start it again. */
export function kill(lab: Lab, host: string, name: string, signal = "KILL"): Fault {
  return container(lab, host, name, `kill -${signal}`, 'docker kill --signal "$2" "$1"', START, [
    signal,
  ]);
}

/** Kills a container's first process behind the engine's back, whose restart policy then counts. */
export function crash(lab: Lab, host: string, name: string): Fault {
  // 0 when it does not run: to kill, that is the caller's own group.
  const apply =
    'pid=$(docker inspect --format "{{.State.Pid}}" "$1") && (( pid > 1 )) && kill -9 "$pid"';
  return container(lab, host, name, "crash", apply, START);
}

/** Stops a container in good order. */
export function stop(lab: Lab, host: string, name: string, graceSeconds = 60): Fault {
  return container(lab, host, name, "stop", 'docker stop --time "$2" "$1"', START, [
    String(graceSeconds),
  ]);
}

/** Freezes all processes of a container, as a machine that stalls does. */
export function freeze(lab: Lab, host: string, name: string): Fault {
  const undo =
    '[[ $(docker inspect --format "{{.State.Paused}}" "$1") != true ]] || docker unpause "$1"';
  return container(lab, host, name, "freeze", 'docker pause "$1"', undo);
}

/** Which packets between a host and others are lost, as the host sees it. */
export type Direction = "both" | "incoming" | "outgoing";

// Rules of their own chains in a table that the engine does not use: before its address translation
// on the way in, and after routing on the way out, so that containers are meant as well.
const RULES = `
set -e
chain=$1 direction=$2 probability=$3; shift 3
ipt() { iptables -w 10 -t mangle "$@"; }
match=(); [[ $probability == 1 ]] || match=(-m statistic --mode random --probability "$probability")
for way in i o; do ipt -N "$chain$way"; done
for other in "$@"; do
  ipt -A "\${chain}i" -s "$other" "\${match[@]}" -j DROP
  ipt -A "\${chain}o" -d "$other" "\${match[@]}" -j DROP
done
[[ $direction == outgoing ]] || ipt -I PREROUTING 1 -i ${INSIDE} -j "\${chain}i"
[[ $direction == incoming ]] || ipt -I POSTROUTING 1 -o ${INSIDE} -j "\${chain}o"
`;
/** Removes the rules and chains of a fault in the network; `$1` is its chain. */
export const NO_RULES = `
chain=$1
ipt() { iptables -w 10 -t mangle "$@"; }
gone() { ! ipt -S "$1" >/dev/null 2>&1; }
failed=0
for way in i o; do
  gone "$chain$way" && continue
  while ipt -D PREROUTING -i ${INSIDE} -j "$chain$way" 2>/dev/null; do :; done
  while ipt -D POSTROUTING -o ${INSIDE} -j "$chain$way" 2>/dev/null; do :; done
  ipt -F "$chain$way" && ipt -X "$chain$way" || failed=1
done
exit "$failed"
`;

let chains = 0;

/** A name for the chains of a fault, which no other fault on this machine has. */
export function newChain(): string {
  return `lab-${process.pid}-${++chains}`;
}

function dropping(
  what: string,
  host: HostPlace,
  others: readonly string[],
  direction: Direction,
  probability: number,
): Fault {
  const chain = newChain();
  const args = [chain, direction, String(probability), ...others];
  return {
    ...{ what, host, at: "network" },
    apply: { text: RULES, args },
    undo: { text: NO_RULES, args: [chain] },
  };
}

/** Hosts of one side no longer reach those of the other; by `direction` in one way only. */
export function partition(
  lab: Lab,
  side: readonly string[],
  others: readonly string[],
  direction: Direction = "both",
): Fault[] {
  const addresses = others.map((name) => lab.host(name).address);
  return side.map((name) => {
    const what = `partition (${direction}) of ${name} from ${others.join(", ")}`;
    return dropping(what, lab.host(name), addresses, direction, 1);
  });
}

/** A share of a host's packets from and to anywhere is lost; 0.1 is one in ten, each way. */
export function loss(lab: Lab, name: string, share: number): Fault {
  if (!(share > 0 && share < 1)) throw new RangeError(`a share of ${share} packets: not in 0..1`);
  return dropping(`loss of ${share} on ${name}`, lab.host(name), ["0.0.0.0/0"], "both", share);
}

/** Removes the queueing discipline of a host if it is of the kind `$1`. */
export const NO_QDISC = `
tc qdisc show dev ${INSIDE} root | grep -q "$1" || exit 0
tc qdisc del dev ${INSIDE} root
`;

/** A host sends at most so many kilobits per second. */
export function throttle(lab: Lab, name: string, kbit: number): Fault {
  return {
    ...{ what: `throttle of ${name} to ${kbit} kbit/s`, host: lab.host(name), at: "network" },
    apply: {
      text: `tc qdisc add dev ${INSIDE} root tbf rate "$1kbit" burst 32kbit latency 400ms`,
      args: [String(kbit)],
    },
    undo: { text: NO_QDISC, args: ["tbf"] },
  };
}

/** Largest file system that is filled, in MiB: never the machine's own. */
const MOST_FILLED_MIB = 4096;

/** Fills the file system of a path on a host, a small disk of its own, to the last block. */
export function fullDisk(lab: Lab, name: string, path: string): Fault {
  const apply = `
set -e
mountpoint --quiet "$1" || { echo "$1 is no disk of its own: add one with addDisk" >&2; exit 1; }
size=$(df --output=size --block-size=1M "$1" | tail -n 1)
(( size <= $2 )) || { echo "$1 has $size MiB, more than $2" >&2; exit 1; }
dd if=/dev/zero of="$1/.lab-filler" bs=64k 2>/dev/null || true
dd if=/dev/zero of="$1/.lab-filler" bs=512 oflag=append conv=notrunc 2>/dev/null || true
left=$(df --output=avail --block-size=1k "$1" | tail -n 1)
(( left < 64 )) || { echo "$1 has $left KiB left" >&2; exit 1; }
`;
  return {
    ...{ what: `full disk ${path} on ${name}`, host: lab.host(name), at: "host" },
    apply: { text: apply, args: [path, String(MOST_FILLED_MIB)] },
    undo: { text: 'rm -f "$1/.lab-filler"', args: [path] },
  };
}
