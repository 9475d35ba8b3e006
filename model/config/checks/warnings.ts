import type { StackConfig } from "../schema";
import { activeHosts, total } from "./check";

/** What a valid config is weaker in than it could be, one sentence each with its remedy. */
export function collectWarnings(config: StackConfig): string[] {
  const hosts = activeHosts(config);
  const warnings: string[] = [];
  const warn = (applies: boolean, text: string) => {
    if (applies) warnings.push(text);
  };
  warn(
    total(hosts, "consul") === 1,
    "hosts: one Consul server: while it is away there is no failover, and the leader steps down; run 3 for high availability.",
  );
  warn(
    total(hosts, "postgres") === 1,
    "hosts: one PostgreSQL member: there is nothing to fail over to; run at least 2.",
  );
  warn(
    total(hosts, "backup") === 0,
    "hosts: no backup repository: no backups, no WAL archive, no point-in-time recovery; run backup on one host.",
  );
  warn(
    config.failover.synchronous === "off" && total(hosts, "postgres") > 1,
    "failover.synchronous is off: a failover may lose acknowledged commits; use quorum to lose none.",
  );
  warn(!config.protect, "protect is off: a `destroy` removes the data and its keys.");
  return [...warnings, ...zoneWarnings(config), ...presenceWarnings(config)];
}

function zoneWarnings(config: StackConfig): string[] {
  const hosts = activeHosts(config);
  const servers = total(hosts, "consul");
  const zones = new Set(hosts.flatMap(({ zone }) => zone ?? []));
  if (zones.size < 2) return [];
  return [...zones].flatMap((zone) => {
    const inZone = total(
      hosts.filter((host) => host.zone === zone),
      "consul",
    );
    if (inZone * 2 <= servers) return [];
    return [
      `hosts: zone "${zone}" has ${inZone} of ${servers} Consul servers: with it the cluster loses its majority; spread them.`,
    ];
  });
}

function presenceWarnings(config: StackConfig): string[] {
  const away = config.hosts.filter((host) => host.state !== "present");
  return [
    ...away.map((host) =>
      host.state === "unreachable"
        ? `hosts: "${host.name}" is unreachable: what is on it is left as it is recorded.`
        : `hosts: "${host.name}" is retired: nothing on it is asked or removed. Take its entry out once \`up\` has gone through.`,
    ),
    ...standbyWarnings(config),
  ];
}

function standbyWarnings(config: StackConfig): string[] {
  const present = config.hosts.filter((host) => host.state === "present");
  const standbyLess =
    total(present, "postgres") === 1 && total(activeHosts(config), "postgres") > 1;
  if (!standbyLess || config.failover.synchronous === "off") return [];
  return [
    config.failover.strict
      ? "hosts: one PostgreSQL member is present and failover.strict is on: it accepts no writes until another is back."
      : "hosts: one PostgreSQL member is present: commits wait for no standby until another is back.",
  ];
}
