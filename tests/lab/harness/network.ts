/** The lab's network on the machine: a bridge, a way out, and a cable for each host. */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statfsSync } from "node:fs";
import { ControlError } from "../../../control/errors";
import { capture } from "../../../setup/process";
import { failure, must, type Purpose } from "./command";
import { blockCount, blockOf, gateway, type HostPlace, type Place } from "./place";

const NETNS = "/run/netns";
// The kernel's number of the file system that namespaces appear on.
const NSFS = 0x6e736673;
// Note on a cable that was pulled on purpose: "up" leaves it so.
const PULLED = "pulled";
/** The cable's end inside a host. */
export const INSIDE = "eth0";

const on = (place: Place, doing: string): Purpose => ({ doing, where: `lab ${place.hash}` });

interface Route {
  readonly dst: string;
  readonly dev?: string;
}

/** Largest packet of the machine's uplink in bytes; 1500 where there is no way out. */
export async function uplinkMtu(place: Place): Promise<number> {
  const doing = on(place, "read the MTU of the uplink");
  const text = await must(doing, "ip", ["-json", "-4", "route", "show", "default"]);
  const uplink = (JSON.parse(text || "[]") as Route[])[0]?.dev;
  if (uplink === undefined) return 1500;
  return Number(readFileSync(`/sys/class/net/${uplink}/mtu`, "utf8"));
}

/** The first block of addresses, from the lab's own on, that nothing on this machine has a route to. */
export async function freeBlock(place: Place): Promise<string> {
  const routes = await must(on(place, "list the routes"), "ip", ["-json", "-4", "route", "show"]);
  const taken = (JSON.parse(routes || "[]") as Route[])
    .filter(({ dev }) => dev !== place.prefix)
    .map(({ dst }) => dst.split(".").slice(0, 3).join("."));
  for (let attempt = 0; attempt < blockCount; attempt++) {
    const block = blockOf(place, attempt);
    if (!taken.includes(block)) return block;
  }
  throw new ControlError({
    ...on(place, "choose addresses"),
    found: "every /24 from 198.18.1.0 to 198.18.126.0 has a route on this machine",
    remedy: 'Take other labs and test clusters down ("ip route" shows them).',
  });
}

const there = (device: string): boolean => existsSync(`/sys/class/net/${device}`);

/** Makes the bridge and the rules that let its hosts out and reach each other, where absent. */
export async function makeNetwork(place: Place, block: string, mtu: number): Promise<void> {
  const { prefix } = place;
  const doing = on(place, "make the bridge");
  if (!there(prefix)) await must(doing, "ip", ["link", "add", prefix, "type", "bridge"]);
  const cidr = `${gateway(block)}/24`;
  await must(doing, "ip", ["address", "replace", cidr, "dev", prefix]);
  await must(doing, "ip", ["link", "set", prefix, "mtu", String(mtu), "up"]);
  await must(on(place, "forward packets"), "sysctl", ["-qw", "net.ipv4.ip_forward=1"]);
  for (const rule of rules(place, block)) {
    if (await hasRule(rule)) continue;
    const [table, chain, ...rest] = rule;
    const args = ["-w", "10", "-t", table, "-I", chain, "1", ...rest];
    await must(on(place, "let the hosts out"), "iptables", args);
  }
}

type Rule = readonly [table: string, chain: string, ...rest: string[]];

// An engine on the machine drops forwarded packets by default, and sees those of a bridge, too.
function rules({ prefix, comment }: Place, block: string): Rule[] {
  const named = ["-m", "comment", "--comment", comment];
  const net = `${block}.0/24`;
  return [
    ["filter", "FORWARD", "-i", prefix, ...named, "-j", "ACCEPT"],
    ["filter", "FORWARD", "-o", prefix, ...named, "-j", "ACCEPT"],
    ["nat", "POSTROUTING", "-s", net, "!", "-d", net, ...named, "-j", "MASQUERADE"],
  ];
}

async function hasRule([table, chain, ...rest]: Rule): Promise<boolean> {
  const args = ["-w", "10", "-t", table, "-C", chain, ...rest];
  const ran = await capture("iptables", args);
  if (ran.code > 1)
    throw failure({ doing: "look for a rule", where: chain }, "iptables", args, ran);
  return ran.code === 0;
}

/** The lab's rules as `iptables -S` shows them, with the table in front. */
async function ownRules(place: Place): Promise<[table: string, rule: string[]][]> {
  const found: [string, string[]][] = [];
  for (const table of ["filter", "nat"]) {
    const args = ["-w", "10", "-t", table, "-S"];
    const text = await must(on(place, "list the rules"), "iptables", args);
    for (const line of text.split("\n")) {
      // None of the lab's own rules holds a space or a quote.
      const words = line.split(" ");
      if (words[words.indexOf("--comment") + 1] === place.comment) found.push([table, words]);
    }
  }
  return found;
}

/** Gives a host its namespace, cable and address, where absent; what is cut stays cut. */
export async function plugIn(
  place: Place,
  block: string,
  host: HostPlace,
  mtu: number,
): Promise<void> {
  const { netns, veth, address } = host;
  const doing = { doing: "connect the host", where: `host ${host.name} of lab ${place.hash}` };
  const ip = (...args: string[]): Promise<string> => must(doing, "ip", args);
  if (!isNamespace(netns)) {
    // A machine that was switched off leaves the empty file.
    rmSync(netnsFile(netns), { force: true });
    await ip("netns", "add", netns);
  }
  // Made with one end in its place: nothing half-named is left when this ends here.
  const size = ["mtu", String(mtu)];
  const peer = ["peer", "name", INSIDE, ...size, "netns", netns];
  if (!there(veth))
    await ip("link", "add", veth, ...size, "master", place.prefix, "type", "veth", ...peer);
  await ip("-n", netns, "link", "set", "lo", "up");
  await ip("-n", netns, "address", "replace", `${address}/24`, "dev", INSIDE);
  await ip("-n", netns, "link", "set", INSIDE, "up");
  await ip("-n", netns, "route", "replace", "default", "via", gateway(block));
  const pulled = readFileSync(`/sys/class/net/${veth}/ifalias`, "utf8").trim() === PULLED;
  if (!pulled) await ip("link", "set", veth, "up");
}

/** Pulls a host's cable, or plugs it in again. */
export async function setLink(host: HostPlace, up: boolean): Promise<void> {
  const doing = { doing: up ? "plug the cable in" : "pull the cable", where: `host ${host.name}` };
  const state = up ? ["up", "alias", ""] : ["down", "alias", PULLED];
  await must(doing, "ip", ["link", "set", host.veth, ...state]);
}

/** Whether a host's cable is plugged in. */
export function linkIsUp(host: HostPlace): boolean {
  const file = `/sys/class/net/${host.veth}/flags`;
  return existsSync(file) && (Number(readFileSync(file, "utf8")) & 1) === 1;
}

/** Names of the lab's namespaces, as they are on the machine. */
export function namespaces({ prefix }: Place): string[] {
  if (!existsSync(NETNS)) return [];
  return readdirSync(NETNS).filter((name) => name.startsWith(`${prefix}-`));
}

/** The file that stands for a namespace. */
export const netnsFile = (netns: string): string => `${NETNS}/${netns}`;

/** Whether there is such a namespace, and not just its file. */
export function isNamespace(netns: string): boolean {
  return existsSync(netnsFile(netns)) && statfsSync(netnsFile(netns)).type === NSFS;
}

/** Removes all that the lab has in the machine's network; processes must have ended. */
export async function removeNetwork(place: Place): Promise<void> {
  const doing = on(place, "remove the network");
  for (const [table, [, ...rule]] of await ownRules(place))
    await must(doing, "iptables", ["-w", "10", "-t", table, "-D", ...rule]);
  for (const device of readdirSync("/sys/class/net"))
    if (device.startsWith(place.prefix)) await must(doing, "ip", ["link", "delete", device]);
  for (const netns of namespaces(place)) await must(doing, "ip", ["netns", "delete", netns]);
  await removeNetnsFolder();
}

// "ip netns add" makes this folder a mount; without any namespace it is of no use to anybody.
async function removeNetnsFolder(): Promise<void> {
  if (!existsSync(NETNS) || readdirSync(NETNS).length > 0) return;
  const { code } = await capture("umount", [NETNS]);
  // In use again by somebody, or never a mount: then it is not the lab's to remove.
  if (code === 0) rmdirSync(NETNS);
}
