/** A firewall plan as a script of iptables rules; pure. */
import { createHash } from "node:crypto";
import { rulesOf } from "./group";
import type { FirewallPlan } from "./plan";

/** The kernel's limit for the name of a chain. */
const CHAIN_LENGTH = 28;

/** A script: running it again replaces what it made before, at once. */
export function iptablesRules(plan: FirewallPlan): string {
  const { family, cluster } = plan;
  const tool = family === "ipv4" ? "iptables" : "ip6tables";
  const chain = chainName(cluster);
  return `${[
    "#!/bin/sh",
    ...heading(plan),
    "set -eu",
    `${tool}-restore --wait --noflush <<'RULES'`,
    "*filter",
    `:${chain} - [0:0]`,
    ...rules(plan).map((rule) => `-A ${chain} ${rule}`),
    "COMMIT",
    "RULES",
    "for from in DOCKER-USER INPUT; do",
    `  ${tool} --wait -n -L "$from" > /dev/null 2>&1 || continue`,
    `  ${tool} --wait -C "$from" -j ${chain} 2> /dev/null || ${tool} --wait -I "$from" -j ${chain}`,
    "done",
  ].join("\n")}\n`;
}

function heading({ cluster, host, address }: FirewallPlan): string[] {
  return [
    `# Cluster ${cluster}, host ${host} (${address}): who may reach the published ports.`,
    "# Docker sends packets for published ports to containers, so they never come to the INPUT chain",
    "# and rules there alone do not hold: DOCKER-USER is Docker's chain for rules of others. INPUT is",
    "# for what its proxy process passes on. By then address and port are the container's, so the",
    "# rules look at those that the connection came in with. Other ports and addresses of the host are",
    "# not touched. Run it as root after each start of Docker, for example by a systemd unit with",
    "# After=docker.service: Docker makes DOCKER-USER, and keeps what is in it while it runs.",
  ];
}

function rules(plan: FirewallPlan): string[] {
  const { address, family } = plan;
  const to = (protocol: string, port: number): string =>
    `-p ${protocol} -m conntrack --ctorigdst ${address} --ctorigdstport ${port}`;
  const letIn = rulesOf(plan).flatMap(({ from, protocol, ports }) =>
    plan.sources[from].flatMap((source) =>
      ports.map((port) => `-s ${source} ${to(protocol, port)} -j RETURN`),
    ),
  );
  return [
    "-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN",
    "-i lo -j RETURN",
    ...(family === "ipv4" ? [`-s ${plan.subnet} -j RETURN`] : []),
    ...letIn,
    ...plan.ports.map(({ protocol, port }) => `${to(protocol, port)} -j DROP`),
  ];
}

/** Name of the cluster's chain: its own name where that fits, else cut, with a hash. */
export function chainName(cluster: string): string {
  const name = `PGHA-${cluster}`;
  if (name.length <= CHAIN_LENGTH) return name;
  const hash = createHash("sha256").update(cluster).digest("hex").slice(0, 6);
  return `${name.slice(0, CHAIN_LENGTH - 7)}-${hash}`;
}
