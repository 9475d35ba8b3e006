/** A firewall plan as an nftables file; pure. */
import type { FirewallPlan, PortRule } from "./plan";
import { rulesOf } from "./group";

/** An nftables file: loading it again replaces what it made before, at once. */
export function nftRules(plan: FirewallPlan): string {
  const { address, family } = plan;
  const table = `inet postgres_ha_${plan.cluster.replaceAll("-", "_")}`;
  const ip = family === "ipv4" ? "ip" : "ip6";
  return `${[
    "#!/usr/sbin/nft -f",
    ...heading(plan),
    `table ${table}`,
    `delete table ${table}`,
    `table ${table} {`,
    ...Object.entries(plan.sources).flatMap(([name, sources]) => setOf(name, family, sources)),
    "  chain published {",
    "    type filter hook prerouting priority -150; policy accept;",
    "    ct state established,related accept",
    '    iif "lo" accept',
    `    ${ip} daddr != ${address} accept`,
    ...(family === "ipv4" ? [`    ip saddr ${plan.subnet} accept`] : []),
    ...rulesOf(plan).map(
      ({ protocol, from, ports }) =>
        `    ${ip} saddr @${from} ${protocol} dport ${numbers(ports)} accept`,
    ),
    ...(["tcp", "udp"] as const).flatMap((protocol) => closing(plan, protocol)),
    "  }",
    "}",
  ].join("\n")}\n`;
}

function heading({ cluster, host, address }: FirewallPlan): string[] {
  return [
    `# Cluster ${cluster}, host ${host} (${address}): who may reach the published ports.`,
    "# Docker sends packets for published ports to containers before they come to an INPUT chain, so",
    "# rules there do not hold. These stand before it: after connection tracking (-200), before",
    "# Docker's address translation (-100), where packets still have the host's address and port.",
    "# A restart of Docker leaves them alone. Other ports and addresses of the host are not touched.",
    `# Load: nft -f FILE. To keep it over reboots, include it in /etc/nftables.conf. An address that`,
    "# is accepted here may still be dropped by another table: a drop anywhere counts.",
  ];
}

function setOf(name: string, family: string, sources: readonly string[]): string[] {
  const elements = sources.length === 0 ? [] : [`    elements = { ${sources.join(", ")} }`];
  return [
    `  set ${name} {`,
    `    type ${family === "ipv4" ? "ipv4_addr" : "ipv6_addr"}`,
    "    flags interval",
    "    auto-merge",
    ...elements,
    "  }",
  ];
}

function closing({ ports }: FirewallPlan, protocol: PortRule["protocol"]): string[] {
  const own = ports.filter((rule) => rule.protocol === protocol).map(({ port }) => port);
  return own.length === 0 ? [] : [`    ${protocol} dport ${numbers(own)} counter drop`];
}

function numbers(ports: readonly number[]): string {
  return `{ ${ports.join(", ")} }`;
}
