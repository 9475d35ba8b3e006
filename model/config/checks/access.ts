import type { Problem } from "../problem";
import type { StackConfig } from "../schema";
import { duplicates, when, type Check } from "./check";

/** Predefined roles that may be given to a user, and the version from which they exist. */
const PREDEFINED_ROLES: Readonly<Record<string, number>> = {
  pg_monitor: 14,
  pg_read_all_data: 14,
  pg_write_all_data: 14,
  pg_read_all_settings: 14,
  pg_read_all_stats: 14,
  pg_stat_scan_tables: 14,
  pg_signal_backend: 14,
  pg_checkpoint: 15,
  pg_create_subscription: 16,
  pg_use_reserved_connections: 16,
  pg_maintain: 17,
};

/** Roles with which a user can read or write files or run programs: as good as superuser. */
const SERVER_ROLES = ["pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"];

/** Rules between databases, users and hba rules. */
export const ACCESS_CHECKS: readonly Check[] = [
  { needs: [], run: validateUniqueNames },
  { needs: ["postgres.users.*"], run: validateOwners },
  { needs: ["postgres.users.*"], run: validateConnects },
  { needs: ["postgres.users.*", "postgres.version"], run: validateMemberships },
  { needs: [], run: validateMembershipCycles },
  { needs: [], run: validateUniqueExtensions },
  { needs: ["postgres.users.*", "postgres.databases.*"], run: validateHbaNames },
  { needs: [], run: validateUniqueHba },
];

function validateUniqueNames({ postgres }: StackConfig): Problem[] {
  return (["databases", "users"] as const).flatMap((list) =>
    duplicates<{ readonly name: string }>(
      postgres[list],
      ({ name }) => name,
      ({ name }, _first, index) => ({
        path: ["postgres", list, index, "name"],
        value: name,
        rule: `is declared twice in postgres.${list}`,
        remedy: "Remove or rename one of the two.",
      }),
    ),
  );
}

function validateOwners({ postgres }: StackConfig): Problem[] {
  const users = postgres.users.map(({ name }) => name);
  return postgres.databases.flatMap(({ owner }, index) =>
    when(
      !users.includes(owner),
      ["postgres", "databases", index, "owner"],
      owner,
      "must be a user that is declared in postgres.users",
      "Declare the owner in postgres.users: { name: ... }.",
    ),
  );
}

function validateConnects({ postgres }: StackConfig): Problem[] {
  const users = postgres.users.map(({ name }) => name);
  return postgres.databases.flatMap(({ connect }, database) =>
    connect.flatMap((user, index) =>
      when(
        !users.includes(user) || connect.indexOf(user) !== index,
        ["postgres", "databases", database, "connect", index],
        user,
        users.includes(user)
          ? "is listed twice"
          : "must be a user that is declared in postgres.users",
        "Name each declared user once.",
      ),
    ),
  );
}

function validateMemberships({ postgres }: StackConfig): Problem[] {
  const users = postgres.users.map(({ name }) => name);
  return postgres.users.flatMap(({ memberOf }, user) =>
    memberOf.flatMap((role, index) => {
      const broken = brokenMembership(role, users, postgres.version);
      if (broken === undefined && memberOf.indexOf(role) === index) return [];
      return when(
        true,
        ["postgres", "users", user, "memberOf", index],
        role,
        broken ?? "is listed twice",
        "Use declared users, or predefined roles such as pg_read_all_data or pg_monitor.",
      );
    }),
  );
}

function brokenMembership(
  role: string,
  users: readonly string[],
  version: number,
): string | undefined {
  if (users.includes(role)) return undefined;
  if (SERVER_ROLES.includes(role)) return "would make the user as good as a superuser";
  const since = Object.hasOwn(PREDEFINED_ROLES, role) ? PREDEFINED_ROLES[role] : undefined;
  if (since === undefined) return "must be a declared user or a predefined role that may be given";
  return since > version
    ? `exists from PostgreSQL ${since} on, and version is ${version}`
    : undefined;
}

function validateMembershipCycles({ postgres }: StackConfig): Problem[] {
  const parents = new Map(postgres.users.map(({ name, memberOf }) => [name, memberOf]));
  return postgres.users.flatMap(({ name }, index) =>
    when(
      reaches(name, name, parents, new Set()),
      ["postgres", "users", index, "memberOf"],
      parents.get(name),
      `makes user "${name}" a member of itself`,
      "Take one membership out of the circle.",
    ),
  );
}

function reaches(
  from: string,
  goal: string,
  parents: ReadonlyMap<string, readonly string[]>,
  seen: Set<string>,
): boolean {
  if (seen.has(from)) return false;
  seen.add(from);
  const next = parents.get(from) ?? [];
  return next.includes(goal) || next.some((role) => reaches(role, goal, parents, seen));
}

function validateUniqueExtensions({ postgres }: StackConfig): Problem[] {
  return postgres.databases.flatMap(({ extensions }, database) =>
    duplicates(
      extensions,
      ({ name }) => name,
      ({ name }, _first, index) => ({
        path: ["postgres", "databases", database, "extensions", index],
        value: name,
        rule: "is declared twice for this database",
        remedy: "Remove one of the two.",
      }),
    ),
  );
}

function validateHbaNames({ postgres }: StackConfig): Problem[] {
  const databases = ["all", ...postgres.databases.map(({ name }) => name)];
  const users = ["all", ...postgres.users.map(({ name }) => name)];
  return postgres.hba.flatMap((rule, index) => [
    ...when(
      !databases.includes(rule.database),
      ["postgres", "hba", index, "database"],
      rule.database,
      "must be a database that is declared in postgres.databases, or all",
      "Declare the database, or correct its name. The program's own rules need no entry.",
    ),
    ...when(
      !users.includes(rule.user),
      ["postgres", "hba", index, "user"],
      rule.user,
      "must be a user that is declared in postgres.users, or all",
      "Declare the user, or correct its name. The program's own roles need no entry.",
    ),
  ]);
}

function validateUniqueHba({ postgres }: StackConfig): Problem[] {
  return duplicates(
    postgres.hba,
    (rule) => [rule.database, rule.user, rule.address].join(" "),
    (rule, _first, index) => ({
      path: ["postgres", "hba", index],
      value: rule,
      rule: "has the same database, user and address as an earlier rule, which always wins",
      remedy: "Remove one of the two.",
    }),
  );
}
