/** Who may reach which published port of a host: the port table with addresses filled in; pure. */
import ipaddr from "ipaddr.js";
import { ControlError } from "../../control/errors";
import { portsOf, type HostPlan, type PortUser, type Topology } from "../../model/topology";

/** A version of the internet protocol. */
export type Family = "ipv4" | "ipv6";

/** Networks from which people let others in. */
export interface Allowed {
  /** CIDRs of applications. */
  readonly clients: readonly string[];
  /** CIDRs of people and their monitoring. */
  readonly operators: readonly string[];
}

/** One published port. */
export interface PortRule {
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** Users that may reach it; a port has one rule. */
  readonly from: readonly Exclude<PortUser, "host">[];
  readonly what: readonly string[];
}

/** What a host's firewall has to do. */
export interface FirewallPlan {
  readonly cluster: string;
  readonly host: string;
  /** Address on which the ports are published. */
  readonly address: string;
  readonly family: Family;
  /** Bridge network of the cluster's own containers on this host. */
  readonly subnet: string;
  /** Sources, all of the address's family. */
  readonly sources: Readonly<Record<Exclude<PortUser, "host">, readonly string[]>>;
  readonly ports: readonly PortRule[];
}

/** The plan of a host; undefined where it has no address and publishes on 127.0.0.1 only. */
export function firewallPlan(
  topology: Topology,
  host: HostPlan,
  allowed: Allowed,
): FirewallPlan | undefined {
  const { address } = host;
  if (address === undefined) return undefined;
  const family = ipaddr.parse(address).kind();
  const same = (cidrs: readonly string[]): string[] =>
    [...new Set(cidrs)].filter((cidr) => familyOf(cidr) === family);
  const others = topology.hosts.filter((other) => other.access.name !== host.access.name);
  return {
    cluster: topology.cluster,
    host: host.access.name,
    address,
    family,
    subnet: host.network.subnet,
    sources: {
      peers: same(others.flatMap((other) => other.address ?? [])),
      clients: same(allowed.clients),
      operator: same(allowed.operators),
    },
    ports: portRules(topology, host),
  };
}

function portRules(topology: Topology, host: HostPlan): PortRule[] {
  const rules = new Map<string, PortRule>();
  for (const { port, protocol, from, what } of portsOf(topology, host)) {
    const key = `${port}/${protocol}`;
    const known = rules.get(key) ?? { port, protocol, from: [], what: [] };
    const users = from === "host" ? known.from : [...known.from, from];
    rules.set(key, { ...known, from: users, what: [...known.what, what] });
  }
  return [...rules.values()];
}

function familyOf(cidr: string): Family {
  return ipaddr.parseCIDR(cidr.includes("/") ? cidr : `${cidr}/32`)[0].kind();
}

/** A list of networks from the command line, `10.0.0.0/16,fd00::/8`; throws with what is wrong. */
export function parseNetworks(text: string): string[] {
  return text.split(",").map((part) => {
    const network = part.trim();
    try {
      const [address, bits] = ipaddr.isValid(network)
        ? ([ipaddr.parse(network), undefined] as const)
        : ipaddr.parseCIDR(network);
      const whole = address.kind() === "ipv4" ? 32 : 128;
      // As the kernel's tools write it: 10.0.1.7/24 is the network 10.0.1.0/24.
      return networkOf(address.toString(), bits ?? whole);
    } catch {
      throw new ControlError({
        doing: "read the list of networks",
        where: "command line",
        found: `"${network}" is neither an address nor a network`,
        remedy: "Give networks as 10.0.0.0/16 or fd00::/8, with commas between them.",
      });
    }
  });
}

function networkOf(address: string, bits: number): string {
  const cidr = `${address}/${bits}`;
  const network = ipaddr.IPv4.isValid(address)
    ? ipaddr.IPv4.networkAddressFromCIDR(cidr)
    : ipaddr.IPv6.networkAddressFromCIDR(cidr);
  return `${network.toString()}/${bits}`;
}
