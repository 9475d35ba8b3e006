import type { StackConfig } from "../config";
import { hbaName } from "./formats";

/**
 * pg_hba.conf, first match wins: the superuser by local socket only, the program's own roles, then
 * the declared rules or, where none is declared, everyone with TLS and SCRAM; no plaintext.
 */
export function hbaRules(config: StackConfig): string[] {
  const declared = config.postgres.hba.map(
    (rule) =>
      `${rule.type} ${hbaName(rule.database)} ${hbaName(rule.user)} ${rule.address} ${rule.method}`,
  );
  return [
    "local all postgres peer",
    "local all all scram-sha-256",
    "hostnossl all all all reject",
    "hostssl all postgres all reject",
    "hostssl replication replicator all scram-sha-256",
    "hostssl all replicator all reject",
    "hostssl postgres rewind all scram-sha-256",
    "hostssl all rewind all reject",
    "hostssl postgres pool_lookup all scram-sha-256",
    "hostssl all pool_lookup all reject",
    "hostssl all monitor all scram-sha-256",
    ...(declared.length > 0 ? declared : ["hostssl all all all scram-sha-256"]),
  ];
}
