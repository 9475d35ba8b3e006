import { asBoolean, refusalOf } from "../ownedParameters";
import type { PathStep, Problem } from "../problem";
import type { StackConfig } from "../schema";
import type { ParameterValue } from "../schema/postgres";
import { activeHosts, total, when, type Check } from "./check";

/** Rules on PostgreSQL parameters, for the cluster and for the sessions of a user. */
export const PARAMETER_CHECKS: readonly Check[] = [
  { needs: [], run: validateParameters },
  { needs: [], run: validateReadOnly },
  { needs: ["hosts.*.runs.*"], run: validateMinima },
];

function validateParameters({ postgres }: StackConfig): Problem[] {
  return [
    ...refusals(postgres.parameters, ["postgres", "parameters"]),
    ...postgres.users.flatMap(({ settings }, index) =>
      refusals(settings, ["postgres", "users", index, "settings"]),
    ),
  ];
}

function refusals(
  parameters: Readonly<Record<string, ParameterValue>>,
  path: readonly PathStep[],
): Problem[] {
  return Object.entries(parameters).flatMap(([name, value]) => {
    const refusal = refusalOf(name, value);
    return refusal ? [{ path: [...path, name], value, ...refusal }] : [];
  });
}

function validateReadOnly({ postgres }: StackConfig): Problem[] {
  const names = ["default_transaction_read_only", "transaction_read_only"];
  return names.flatMap((name) => {
    const value = postgres.parameters[name];
    return when(
      value !== undefined && asBoolean(value) !== false,
      ["postgres", "parameters", name],
      value,
      "would keep the program itself from writing",
      "Set it for a user, in settings of postgres.users.",
    );
  });
}

/** Below these, members, their rebuilding and the backups would not find a place. */
function validateMinima(config: StackConfig): Problem[] {
  const members = total(activeHosts(config), "postgres");
  const minima: Readonly<Record<string, number>> = {
    max_connections: 25,
    max_worker_processes: 2,
    max_wal_senders: members + 3,
    max_replication_slots: members + 1,
  };
  return Object.entries(minima).flatMap(([name, minimum]) => {
    const value = config.postgres.parameters[name];
    if (value === undefined) return [];
    return when(
      !/^\d+$/.test(String(value)) || Number(value) < minimum || Number(value) > 10000,
      ["postgres", "parameters", name],
      value,
      `must be a whole number from ${minimum} to 10000 in a cluster of ${members} members`,
      "Correct the number, or leave it out.",
    );
  });
}
