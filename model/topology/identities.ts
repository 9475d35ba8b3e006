import type { Instance, Topology } from "./types";

/** What the certificate of an instance has to say about it. */
export interface CertificateIdentity {
  readonly name: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly usages: readonly ("server" | "client")[];
}

/**
 * Names and addresses under which each instance is met. A client certificate acts as an
 * administrator (Patroni's unsafe calls, Consul's RPC, pgBackRest), so HAProxy and PgBouncer, which
 * need none, get none.
 */
export function certificateIdentities(topology: Topology): Map<string, CertificateIdentity> {
  const clients = clientAddresses(topology);
  const identities: CertificateIdentity[] = [
    ...topology.consulServers.map((server) =>
      identity(server, ["server", "client"], clients.of(server), [
        `server.${topology.datacenter}.consul`,
      ]),
    ),
    ...topology.consulAgents.map((agent) =>
      identity(agent, ["server", "client"], [], [`client.${topology.datacenter}.consul`]),
    ),
    // HAProxy passes TLS through: a client that reaches it meets the member's certificate. The
    // sidecar shows it too. pgBackRest compares the host option with DNS names only, so an address
    // stands there as a name.
    ...topology.members.map((member) =>
      identity(
        member,
        ["server", "client"],
        [member.backrest.ip, ...clients.ofMembers(member)],
        [member.backrest.address],
      ),
    ),
    ...topology.haproxies.map((haproxy) => identity(haproxy, ["server"], clients.of(haproxy))),
    ...topology.poolers.map((pooler) => identity(pooler, ["server"], clients.of(pooler))),
  ];
  const { repository } = topology;
  if (repository)
    identities.push(identity(repository, ["server", "client"], [], [repository.address]));
  return new Map(identities.map((entry) => [entry.name, entry]));
}

function identity(
  instance: Instance,
  usages: CertificateIdentity["usages"],
  addresses: readonly string[] = [],
  names: readonly string[] = [],
): CertificateIdentity {
  return {
    name: instance.name,
    dnsNames: unique([instance.name, "localhost", ...names]),
    ipAddresses: unique([instance.ip, instance.address, "127.0.0.1", ...addresses]),
    usages,
  };
}

function clientAddresses(topology: Topology) {
  const addressOfHost = new Map(topology.hosts.map((h) => [h.access.name, h.clientAddress]));
  const of = (instance: Instance): string[] => [
    addressOfHost.get(instance.host) ?? instance.address,
  ];
  return {
    of,
    ofMembers: (member: Instance): string[] => [
      ...of(member),
      ...topology.haproxies.flatMap((haproxy) => [haproxy.ip, haproxy.address, ...of(haproxy)]),
    ],
  };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
