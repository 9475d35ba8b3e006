import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planTopology, type Topology } from "../../../model/topology";
import { chainName } from "../../../ops/firewall/iptables";
import { firewallPlan, parseNetworks } from "../../../ops/firewall/plan";
import { clusterKeys } from "../../../ops/stack/config";
import { chosenHosts, rulesFor } from "../../../ops/verbs/firewall";
import { stackConfig } from "../topology/stacks";

const GOLDEN = join(__dirname, "golden");
mkdirSync(GOLDEN, { recursive: true });

const prod = planTopology(stackConfig("prod"));
const allowed = { clients: ["10.0.0.0/16", "10.9.0.7/32"], operators: ["10.2.0.0/24"] };

function hostAt(topology: Topology, index: number) {
  const host = topology.hosts[index];
  if (host === undefined) throw new Error(`no host ${index}`);
  return host;
}

describe("the rules", () => {
  it("for nftables, of a host with every part", async () => {
    const text = rulesFor(prod, hostAt(prod, 2), "nft", allowed);
    await expect(text).toMatchFileSnapshot(join(GOLDEN, "firewall.nft"));
  });

  it("for iptables, of a host without the repository", async () => {
    const text = rulesFor(prod, hostAt(prod, 0), "iptables", allowed);
    await expect(text).toMatchFileSnapshot(join(GOLDEN, "firewall.iptables"));
  });

  it("open nothing to clients and operators that nobody named", () => {
    const none = { clients: [], operators: [] };
    const nft = rulesFor(prod, hostAt(prod, 0), "nft", none);
    expect(nft).not.toMatch(/@(clients|operator)/);
    expect(nft).toContain("@peers");
    expect(nft).toMatch(/tcp dport \{.*5000.*\} counter drop/);
    expect(rulesFor(prod, hostAt(prod, 0), "iptables", none)).not.toMatch(/5000 -j RETURN/);
  });

  it("drop every published port that they do not let in, each once", () => {
    const plan = firewallPlan(prod, hostAt(prod, 2), allowed);
    const drops = rulesFor(prod, hostAt(prod, 2), "iptables", allowed).match(/-j DROP/g) ?? [];
    expect(drops).toHaveLength(plan?.ports.length ?? 0);
    // Only containers of the host itself need it.
    expect(plan?.ports.find(({ port }) => port === 8591)?.from).toEqual([]);
  });

  it("go by the family of the host's address", () => {
    const six = (address: string) => address.replace("10.0.1.", "fd00::");
    const hosts = prod.hosts.map((host) => ({ ...host, address: six(host.address ?? "") }));
    const topology = { ...prod, hosts };
    const both = { clients: ["10.0.0.0/16", "fd00:1::/64"], operators: [] };
    const nft = rulesFor(topology, hostAt(topology, 0), "nft", both);
    expect(nft).toContain("ip6 daddr != fd00::11 accept");
    expect(nft).toContain("elements = { fd00:1::/64 }");
    expect(nft).not.toMatch(/\bip saddr|10\.0\.0\.0/);
    const tables = rulesFor(topology, hostAt(topology, 0), "iptables", both);
    expect(tables).toContain("ip6tables-restore --wait --noflush");
    expect(tables).toContain("-s fd00:1::/64 -p tcp");
    expect(tables).not.toMatch(/198\.18|10\.0\.0\.0/);
  });

  it("are none where a host publishes on the loopback address", () => {
    const dev = planTopology(stackConfig("dev"));
    expect(rulesFor(dev, hostAt(dev, 0), "nft", allowed)).toMatch(/^# .* 127\.0\.0\.1 only/);
  });
});

describe("names and networks", () => {
  it("of hosts are refused with those that there are", () => {
    expect(chosenHosts(prod, undefined)).toHaveLength(3);
    expect(() => chosenHosts(prod, "pg9")).toThrow(/Name one of: pg1, pg2, pg3/);
  });

  it("of chains fit the kernel, and two clusters' never meet", () => {
    expect(chainName("orders")).toBe("PGHA-orders");
    const long = ["a".repeat(31) + "x", "a".repeat(31) + "y"].map(chainName);
    expect(long.map(({ length }) => length)).toEqual([28, 28]);
    expect(long[0]).not.toBe(long[1]);
  });

  it("are brought to the form of the kernel's tools", () => {
    expect(parseNetworks("10.0.1.7/24, 10.9.0.7,fd00::1/64")).toEqual([
      "10.0.1.0/24",
      "10.9.0.7/32",
      "fd00::/64",
    ]);
  });

  it.each(["", "10.0.0.0/33", "example.com", "10.0.0.0/16,", "1.2.3.4; drop"])(
    "refuses %j as networks",
    (text) => expect(() => parseNetworks(text)).toThrow(/is neither an address nor a network/),
  );
});

describe("the stack file", () => {
  it("gives the project's keys but for the passwords", () => {
    const config = { "p:cluster": "a", "p:passwords": { secure: "x" }, "q:cluster": "b" };
    expect(clusterKeys({ config }, "p")).toEqual({ cluster: "a" });
    expect(clusterKeys(null, "p")).toEqual({});
  });
});
