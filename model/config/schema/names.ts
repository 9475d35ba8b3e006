import { z } from "zod";

/**
 * Roles that the program itself makes and keeps: superuser, replication, rewind, pool lookup and
 * monitoring. They may get a password of one's own in `passwords`, and cannot be declared in
 * `postgres.users`.
 */
export const SYSTEM_ROLES = ["postgres", "replicator", "rewind", "pool_lookup", "monitor"] as const;

/** Database names that PostgreSQL, pg_hba.conf or PgBouncer give a meaning of their own. */
const RESERVED_DATABASES = [
  "postgres",
  "template0",
  "template1",
  "pgbouncer",
  "replication",
  "all",
  "sameuser",
  "samerole",
  "samegroup",
] as const;

/** User names, beside the system roles, that SQL, pg_hba.conf or PgBouncer give a meaning. */
const RESERVED_USERS = [
  "all",
  "public",
  "none",
  "pgbouncer",
  "current_user",
  "current_role",
  "session_user",
] as const;

/** What a text must be (`rule`), how to put it right (`remedy`), and the test for it. */
export interface TextRule {
  readonly rule: string;
  readonly remedy: string;
  readonly test: (value: string) => boolean;
}

/** A string schema with rules that carry a remedy; the first broken rule is the one reported. */
export function text(...rules: readonly TextRule[]): z.ZodString {
  return z.string().superRefine((value, context) => {
    const broken = rules.find((rule) => !rule.test(value));
    if (broken) {
      context.addIssue({
        code: "custom",
        message: broken.rule,
        params: { remedy: broken.remedy },
      });
    }
  });
}

const LABEL = /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/;
const EXTENSION = /^[a-z][a-z0-9_-]{0,62}$/;

/** Name of a cluster or host: part of container, volume and DNS names. */
export function label(): z.ZodString {
  return text({
    rule: "must be 2 to 32 lower-case letters, digits or dashes, start with a letter and not end with a dash",
    remedy: 'Use a name such as "orders" or "pg1".',
    test: (value) => LABEL.test(value),
  });
}

const identifierRule: TextRule = {
  rule: "must be 1 to 63 letters, digits, _, $ or -, and start with a letter or _",
  remedy: 'Use a plain name such as "app" or "order_items".',
  test: (value) => IDENTIFIER.test(value),
};

const noPgPrefix: TextRule = {
  rule: 'must not start with "pg_", which PostgreSQL keeps for itself',
  remedy: "Choose a name without that prefix.",
  test: (value) => !value.toLowerCase().startsWith("pg_"),
};

/** Name of something inside PostgreSQL that may be one of the reserved names, as in an hba rule. */
export function identifier(): z.ZodString {
  return text(identifierRule);
}

/** Name of a declared database. */
export function databaseName(): z.ZodString {
  return text(identifierRule, noPgPrefix, {
    rule: `is a reserved database name (${RESERVED_DATABASES.join(", ")})`,
    remedy: "Choose another database name.",
    test: (value) => !isOneOf(RESERVED_DATABASES, value),
  });
}

/** Name of a declared user. */
export function userName(): z.ZodString {
  return text(
    identifierRule,
    noPgPrefix,
    {
      rule: "is a role that the program makes and keeps itself",
      remedy: "Choose another user name; to set this role's password use `passwords`.",
      test: (value) => !isOneOf(SYSTEM_ROLES, value),
    },
    {
      rule: `is a reserved user name (${RESERVED_USERS.join(", ")})`,
      remedy: "Choose another user name.",
      test: (value) => !isOneOf(RESERVED_USERS, value),
    },
  );
}

/** Name of a PostgreSQL extension, such as `pg_trgm` or `uuid-ossp`. */
export function extensionName(): z.ZodString {
  return text({
    rule: "must be an extension name: 1 to 63 lower-case letters, digits, _ or -, starting with a letter",
    remedy: 'Use the name that pg_available_extensions shows, such as "pg_trgm".',
    test: (value) => EXTENSION.test(value),
  });
}

/** Whether `value` is one of a constant list of words. */
function isOneOf(words: readonly string[], value: string): boolean {
  return words.includes(value);
}
