import { portsOfHost, type PortUse } from "../hostPorts";
import type { Problem } from "../problem";
import type { StackConfig } from "../schema";
import { activeHosts, when, type Check } from "./check";

const HIGHEST_PORT = 65535;

/** Rules between the ports of one host, those of a second and further one of a kind included. */
export const PORT_CHECKS: readonly Check[] = [
  { needs: ["ports.*"], run: validatePortClashes },
  { needs: [], run: validatePortRange },
];

function validatePortClashes(config: StackConfig): Problem[] {
  const reported = new Set<string>();
  return activeHosts(config).flatMap((host) => {
    const taken = new Map<number, PortUse>();
    return portsOfHost(config, host).flatMap((use) => {
      const first = taken.get(use.port);
      taken.set(use.port, first ?? use);
      const pair = `${first?.key} ${use.key}`;
      if (first === undefined || reported.has(pair)) return [];
      reported.add(pair);
      return when(
        true,
        ["ports", use.key],
        config.ports[use.key],
        `clashes on host "${host.name}": ${first.what} (ports.${first.key}) and ${use.what} would both use port ${use.port}`,
        "Move one of the two base ports; a second one on the same host is 1 or 10 above.",
      );
    });
  });
}

function validatePortRange(config: StackConfig): Problem[] {
  const keys = new Set<string>();
  return activeHosts(config)
    .flatMap((host) => portsOfHost(config, host).map((use) => ({ host, use })))
    .flatMap(({ host, use }) => {
      if (use.port <= HIGHEST_PORT || keys.has(use.key)) return [];
      keys.add(use.key);
      return when(
        true,
        ["ports", use.key],
        config.ports[use.key],
        `is too high: ${use.what} on host "${host.name}" would use port ${use.port}, above ${HIGHEST_PORT}`,
        "Choose a lower base port.",
      );
    });
}
