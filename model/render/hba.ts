import type { StackConfig } from "../config";
import { hostOf, type Instance, type Topology } from "../topology";
import { hbaName } from "./formats";

/** A member asks its own PostgreSQL over TCP for the timeline that it has received. */
const ITSELF = "127.0.0.1/32";

/**
 * pg_hba.conf, first match wins: the superuser by local socket only, the program's own roles (those
 * of no use to people from the cluster's addresses only), then the declared rules or, where none is
 * declared, everyone with TLS and SCRAM; no plaintext.
 */
export function hbaRules(config: StackConfig, topology: Topology): string[] {
  const declared = config.postgres.hba.map(
    (rule) =>
      `${rule.type} ${hbaName(rule.database)} ${hbaName(rule.user)} ${rule.address} ${rule.method}`,
  );
  const { members, haproxies } = topology;
  return [
    "local all postgres peer",
    "local all all scram-sha-256",
    "hostnossl all all all reject",
    "hostssl all postgres all reject",
    ...only("replication", "replicator", [ITSELF, ...sources(topology, members)]),
    ...only("postgres", "rewind", sources(topology, members)),
    // PgBouncer comes through HAProxy.
    ...only("postgres", "pool_lookup", sources(topology, haproxies)),
    // Its password is given to people, whose monitoring asks each member from where it stands.
    "hostssl all monitor all scram-sha-256",
    ...(declared.length > 0 ? declared : ["hostssl all all all scram-sha-256"]),
  ];
}

function only(database: string, role: string, addresses: readonly string[]): string[] {
  return [
    ...addresses.map((address) => `hostssl ${database} ${role} ${address} scram-sha-256`),
    `hostssl all ${role} all reject`,
  ];
}

/**
 * Where PostgreSQL sees connections of these instances come from. On its own host that is a fixed
 * address of the bridge, or the bridge's gateway for a published port; from another host it is that
 * host's address, behind which the engine hides its containers.
 */
function sources(topology: Topology, instances: readonly Pick<Instance, "host">[]): string[] {
  const subnets = topology.hosts.map(({ network }) => network.subnet);
  const addresses = instances.map((instance) => hostOf(topology, instance).address);
  const hosts = addresses.flatMap((address) => (address === undefined ? [] : [`${address}/32`]));
  return [...new Set([...subnets, ...hosts])];
}
