import * as fc from "fast-check";
import { ConfigError, parseConfig, portsOfHost, type StackConfig } from "../../../model/config";

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+G0IGITH1lmi/qoMVa0BWjv08bKwuCLNFdbBWw8AoI";

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/);

const runs = fc.record({
  consul: fc.integer({ min: 0, max: 3 }),
  postgres: fc.integer({ min: 0, max: 4 }),
  haproxy: fc.integer({ min: 0, max: 3 }),
  pgbouncer: fc.integer({ min: 0, max: 3 }),
});

const subnet = fc.option(
  fc.constantFrom("172.29.40.0/24", "172.29.41.64/26", "10.250.0.0/16", "192.168.255.192/26"),
  { nil: undefined },
);

/** Bases that move whole groups of ports about; those that clash are taken out by the checks. */
const ports = fc.record({
  postgres: fc.integer({ min: 5400, max: 5500 }),
  haproxyPrimary: fc.integer({ min: 5000, max: 5030 }),
  consulHttps: fc.integer({ min: 8500, max: 8600 }),
  backrest: fc.integer({ min: 8380, max: 8450 }),
});

const oneHost = fc.record({
  address: fc.option(fc.constant("10.9.0.1"), { nil: undefined }),
  runs,
});

function rawHost(name: string, index: number, address: string | undefined, counts: object) {
  const ssh = { docker: `ssh://deploy@10.9.0.${index + 1}`, hostKey: HOST_KEY };
  return { name, address, runs: counts, ...ssh };
}

const hosts = fc.oneof(
  fc.record({ name: label, host: oneHost }).map(({ name, host }) => {
    // What a stack must have, it has; the counts stay random.
    const counts = {
      ...host.runs,
      consul: host.runs.consul * 2 + 1,
      postgres: host.runs.postgres + 1,
      haproxy: host.runs.haproxy + 1,
      backup: host.runs.haproxy % 2,
    };
    return [rawHost(name, 0, host.address, counts)];
  }),
  fc
    .record({
      names: fc.uniqueArray(label, { minLength: 2, maxLength: 5 }),
      counts: fc.array(runs, { minLength: 5, maxLength: 5 }),
    })
    .map(({ names, counts }) =>
      names.map((name, index) => {
        const own = { ...counts[index], consul: index === 0 ? 3 : 2 * (index % 2) };
        const first = { ...own, postgres: 1, haproxy: 1, backup: 1 };
        const used = index === 0 ? first : { ...own, haproxy: Math.max(1, own.haproxy ?? 0) };
        return rawHost(name, index, `10.9.0.${index + 1}`, used);
      }),
    ),
);

/** Random configs that pass every check. */
export const validConfig: fc.Arbitrary<StackConfig> = fc
  .record({ cluster: label, hosts, subnet, ports })
  .map(({ cluster, hosts: rawHosts, subnet: network, ports: bases }) =>
    accepted({
      cluster,
      hosts: rawHosts,
      network: { subnet: network },
      ports: bases,
      failover: { synchronous: "off" },
    }),
  )
  .filter((config): config is StackConfig => config !== undefined);

function accepted(raw: unknown): StackConfig | undefined {
  try {
    return parseConfig(raw).config;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** Every port that a config says its host uses, by host name. */
export function declaredPorts(config: StackConfig): Map<string, number[]> {
  return new Map(
    config.hosts.map((host) => [
      host.name,
      portsOfHost(config, host)
        .map((use) => use.port)
        .sort((a, b) => a - b),
    ]),
  );
}
