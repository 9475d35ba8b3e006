import ipaddr from "ipaddr.js";

import type { Problem } from "../problem";
import type { StackConfig } from "../schema";
import { activeHosts, duplicates, when, type Check } from "./check";

/** Longest host part of a container name: `CLUSTER-HOST-pgbouncer-replicas-1` is also a host name. */
const LONGEST_PART = "pgbouncer-replicas-1".length;
const MAX_HOST_NAME = 63;

/** What the program's own things are called after the cluster's name, as hosts are. */
const OWN_NAMES = [
  ...["acl", "dynamic", "identity", "keys", "preflight", "reachability"],
  ...["ready", "roster", "shape", "sql", "stanza"],
];

/** Rules between the hosts. */
export const HOST_CHECKS: readonly Check[] = [
  { needs: [], run: validateUniqueHosts },
  { needs: [], run: validateApart },
  { needs: ["hosts.*"], run: validateAddressesPresent },
  { needs: [], run: validateHostKeys },
  { needs: ["cluster"], run: validateNameLength },
  { needs: ["network.subnet"], run: validateSubnetApart },
];

function validateUniqueHosts({ hosts }: StackConfig): Problem[] {
  return (["name", "address", "docker"] as const).flatMap((key) =>
    duplicates(
      hosts,
      // A machine may have the place of one that is gone for good, under another name.
      (host) => (key === "name" || host.state !== "retired" ? host[key] : undefined),
      (host, first, index) => ({
        path: ["hosts", index, key],
        value: host[key],
        rule: `is already used by ${key === "name" ? "another host" : `host "${first.name}"`}`,
        remedy: `Give every host a ${key} of its own.`,
      }),
    ),
  );
}

/** What is on a host is known by names that begin with the host's and a dash. */
function validateApart({ hosts }: StackConfig): Problem[] {
  return hosts.flatMap(({ name }, index) => {
    const path = ["hosts", index, "name"];
    const shorter = hosts.find((other) => name.startsWith(`${other.name}-`));
    return [
      ...when(
        OWN_NAMES.some((own) => name === own || name.startsWith(`${own}-`)),
        path,
        name,
        `must not begin with a name of the program's own (${OWN_NAMES.join(", ")})`,
        'Use a name such as "pg1".',
      ),
      ...when(
        shorter !== undefined,
        path,
        name,
        `begins like host "${shorter?.name}": what is on one could be taken for what is on the other`,
        'Use names of which none begins with another and a dash, such as "pg1" and "pg2".',
      ),
    ];
  });
}

function validateAddressesPresent(config: StackConfig): Problem[] {
  if (activeHosts(config).length < 2) return [];
  return config.hosts.flatMap((host, index) =>
    when(
      host.address === undefined && host.state !== "retired",
      ["hosts", index, "address"],
      undefined,
      "is required on every host of a stack with several hosts",
      "Set the IPv4 address at which the other hosts and the clients reach this one.",
    ),
  );
}

function validateHostKeys({ hosts }: StackConfig): Problem[] {
  return hosts.flatMap((host, index) => {
    const path = ["hosts", index, "hostKey"];
    const overSsh = host.docker.startsWith("ssh:");
    return [
      ...when(
        overSsh && host.hostKey === undefined,
        path,
        undefined,
        `is required, as docker is ${host.docker}: nothing connects to an unknown key`,
        "Take it from `ssh-keyscan -t ed25519 HOST`, and compare it with the host's own file.",
      ),
      ...when(
        !overSsh && host.hostKey !== undefined,
        path,
        host.hostKey,
        "has no meaning, as docker is not an ssh:// address",
        "Remove it, or set docker to ssh://[user@]host.",
      ),
    ];
  });
}

function validateNameLength({ cluster, hosts }: StackConfig): Problem[] {
  const room = MAX_HOST_NAME - LONGEST_PART - 2 - cluster.length;
  return hosts.flatMap((host, index) =>
    when(
      host.name.length > room,
      ["hosts", index, "name"],
      host.name,
      `must be at most ${room} characters in cluster "${cluster}", as container names end at ${MAX_HOST_NAME}`,
      "Shorten the name of the host or of the cluster.",
    ),
  );
}

function validateSubnetApart({ hosts, network }: StackConfig): Problem[] {
  const { subnet } = network;
  if (subnet === undefined) return [];
  const range = ipaddr.IPv4.parseCIDR(subnet);
  const inside = hosts.filter(
    ({ address }) => address !== undefined && ipaddr.IPv4.parse(address).match(range),
  );
  return when(
    inside.length > 0,
    ["network", "subnet"],
    subnet,
    `must not contain the address of a host, as it does with ${inside.map(({ name }) => name).join(", ")}`,
    "Choose a private network that no host is in; it is used inside each host only.",
  );
}
