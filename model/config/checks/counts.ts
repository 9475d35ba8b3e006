import type { Problem } from "../problem";
import type { StackConfig } from "../schema";
import { PARTS, type Part } from "../schema/hosts";
import { activeHosts, total, when, type Check } from "./check";

/** Most of each part on one host: each has that many fixed places in the containers' network. */
export const MAX_PER_HOST: Readonly<Record<Part, number>> = {
  consul: 7,
  postgres: 18,
  haproxy: 4,
  pgbouncer: 4,
  backup: 1,
};

/** Rules on how many there are of each part, and of hosts that are there. */
export const COUNT_CHECKS: readonly Check[] = [
  { needs: ["hosts.*.runs.*"], run: validatePerHost },
  { needs: ["hosts.*.runs.*"], run: validateConsulServers },
  { needs: ["hosts.*.runs.*"], run: validateRequiredParts },
  { needs: ["hosts.*.runs.*"], run: validateRepositories },
  { needs: ["hosts.*.runs.*", "hosts.*.state"], run: validateRepositoryLost },
  { needs: ["hosts.*.runs.*", "hosts.*.state"], run: validatePresence },
  { needs: ["hosts.*.runs.*", "failover.synchronous"], run: validateSynchronous },
  { needs: ["failover.synchronous", "failover.strict"], run: validateStrict },
];

function validatePerHost({ hosts }: StackConfig): Problem[] {
  return hosts.flatMap(({ runs }, index) => {
    const tooMany = PARTS.flatMap((part) =>
      when(
        runs[part] > MAX_PER_HOST[part],
        ["hosts", index, "runs", part],
        runs[part],
        `must be at most ${MAX_PER_HOST[part]} on one host`,
        "Put the others on further hosts.",
      ),
    );
    const nothing = when(
      PARTS.every((part) => runs[part] === 0),
      ["hosts", index, "runs"],
      runs,
      "must name at least one part",
      `Add one of ${PARTS.join(", ")}, or remove the host.`,
    );
    return [...tooMany, ...nothing];
  });
}

function validateConsulServers(config: StackConfig): Problem[] {
  const servers = total(activeHosts(config), "consul");
  const rule =
    servers === 0
      ? "must include a Consul server: Patroni elects the leader through Consul"
      : "must include an odd number of Consul servers: an even one bears no more failures, and ties";
  return when(
    servers % 2 === 0,
    ["hosts"],
    `${servers} consul`,
    rule,
    `Run consul on ${servers === 0 ? 3 : `${servers - 1} or ${servers + 1}`} hosts that are not retired (3 or 5 for high availability).`,
  );
}

function validateRequiredParts(config: StackConfig): Problem[] {
  const hosts = activeHosts(config);
  const missing = (part: Part, rule: string) =>
    when(
      total(hosts, part) === 0,
      ["hosts"],
      `0 ${part}`,
      rule,
      `Add ${part} to the runs of a host that is not retired.`,
    );
  return [
    ...missing("postgres", "must include at least one PostgreSQL member"),
    ...missing(
      "haproxy",
      total(hosts, "pgbouncer") > 0
        ? "must include at least one HAProxy: PgBouncer reaches the leader through it"
        : "must include at least one HAProxy: it is the primary and the replica endpoint",
    ),
  ];
}

function validateRepositories(config: StackConfig): Problem[] {
  const hosts = activeHosts(config).filter(({ runs }) => runs.backup > 0);
  return when(
    hosts.length > 1,
    ["hosts"],
    `backup on ${hosts.map(({ name }) => name).join(", ")}`,
    "must include at most one backup repository: several are not supported yet",
    "Leave backup in the runs of one host only.",
  );
}

/** The stack without a repository is a choice; to lose it with a host may be an oversight. */
function validateRepositoryLost(config: StackConfig): Problem[] {
  if (total(activeHosts(config), "backup") > 0) return [];
  return config.hosts.flatMap(({ state, runs }, index) =>
    when(
      state === "retired" && runs.backup > 0,
      ["hosts", index, "runs", "backup"],
      runs.backup,
      "would be lost with the retired host: it is the only backup repository, with all backups",
      "Add backup to the runs of a host that is not retired; to go on without backups take it out of these runs.",
    ),
  );
}

function validatePresence(config: StackConfig): Problem[] {
  const active = activeHosts(config);
  const present = active.filter((host) => host.state === "present");
  const [servers, reachable] = [total(active, "consul"), total(present, "consul")];
  const remedy =
    "Set the state of a host that answers to present; retire a host only once others took its place.";
  return [
    ...when(
      servers > 0 && reachable * 2 <= servers,
      ["hosts"],
      `${reachable} of ${servers} consul present`,
      "must have a majority of the Consul servers on hosts with state present",
      remedy,
    ),
    ...when(
      total(active, "postgres") > 0 && total(present, "postgres") === 0,
      ["hosts"],
      "0 postgres present",
      "must have at least one PostgreSQL member on a host with state present",
      remedy,
    ),
  ];
}

function validateSynchronous(config: StackConfig): Problem[] {
  const members = total(activeHosts(config), "postgres");
  return when(
    config.failover.synchronous !== "off" && members === 1,
    ["failover", "synchronous"],
    config.failover.synchronous,
    "needs at least two PostgreSQL members, and there is one",
    "Add a member, or set failover.synchronous to off.",
  );
}

function validateStrict({ failover }: StackConfig): Problem[] {
  return when(
    failover.strict && failover.synchronous === "off",
    ["failover", "strict"],
    true,
    "contradicts failover.synchronous off: there is nothing to be strict about",
    "Set failover.synchronous to quorum or on, or leave strict out.",
  );
}
