/** Ports of a firewall plan, grouped by who may reach them; pure. */
import type { FirewallPlan, PortRule } from "./plan";

/** Ports that the same users reach by the same protocol. */
export interface PortGroup {
  readonly from: PortRule["from"][number];
  readonly protocol: PortRule["protocol"];
  readonly ports: readonly number[];
}

/** What is let in, group by group; groups without a source let nobody in and are left out. */
export function rulesOf(plan: FirewallPlan): PortGroup[] {
  return (["peers", "clients", "operator"] as const)
    .filter((from) => plan.sources[from].length > 0)
    .flatMap((from) =>
      (["tcp", "udp"] as const).map((protocol) => ({
        from,
        protocol,
        ports: plan.ports
          .filter((rule) => rule.protocol === protocol && rule.from.includes(from))
          .map(({ port }) => port),
      })),
    )
    .filter(({ ports }) => ports.length > 0);
}
