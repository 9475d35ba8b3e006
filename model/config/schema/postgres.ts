import ipaddr from "ipaddr.js";
import { z } from "zod";

import { databaseName, extensionName, identifier, text, userName } from "./names";

/** PostgreSQL major versions that a stack can ask for. */
const POSTGRES_VERSIONS = [14, 15, 16, 17, 18] as const;

const PARAMETER_NAME = /^[a-z_][a-z0-9_.]{0,62}$/;
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f\u2028\u2029]/;

const parameterName = text({
  rule: "must be a parameter name: lower-case letters, digits, _ and ., starting with a letter or _",
  remedy:
    'Use a name as pg_settings shows it, such as "work_mem" or "auto_explain.log_min_duration".',
  test: (value) => PARAMETER_NAME.test(value),
});

const parameterText = text({
  rule: "must be at most 1000 characters and hold no control character or line break",
  remedy: "Write the value on one line.",
  test: (value) => value.length <= 1000 && !CONTROL_CHARACTER.test(value),
});

const parameterValue = z.union([parameterText, z.number(), z.boolean()]);

const parameters = z.record(parameterName, parameterValue);

const connectionLimit = z.int().min(1).max(10000);

const extensionSchema = z.strictObject({
  name: extensionName().describe("Name of the extension, as pg_available_extensions shows it."),
  schema: identifier()
    .optional()
    .describe("Schema for the objects of the extension. Left out: the extension's own choice."),
});

const extension = z
  .union([extensionName(), extensionSchema])
  .transform((value): ExtensionConfig => (typeof value === "string" ? { name: value } : value));

const databaseSchema = z.strictObject({
  name: databaseName().describe("Name of the database."),
  owner: identifier().describe("User that owns the database; declared in `postgres.users`."),
  extensions: z
    .array(extension)
    .prefault([])
    .describe("Extensions of the database: a name, or `{ name, schema }`."),
  connect: z
    .array(identifier())
    .default([])
    .describe(
      "Users that may connect to it besides the owner and the members of its role; declared in `postgres.users`.",
    ),
  connectionLimit: connectionLimit
    .optional()
    .describe("Most connections to the database at once. Left out: no limit of its own."),
});

const userSchema = z.strictObject({
  name: userName().describe("Name of the user (a role with LOGIN)."),
  connectionLimit: connectionLimit
    .optional()
    .describe("Most connections of the user at once. Left out: no limit of its own."),
  memberOf: z
    .array(identifier())
    .default([])
    .describe("Roles whose rights the user has: other declared users or predefined roles."),
  login: z
    .boolean()
    .default(true)
    .describe(
      "Whether the user may connect. `false` locks a user out that is not wanted any more.",
    ),
  createDb: z.boolean().default(false).describe("Whether the user may create databases."),
  settings: parameters
    .default({})
    .describe("PostgreSQL settings of the user's own sessions (ALTER ROLE ... SET)."),
});

const hbaSchema = z.strictObject({
  type: z
    .literal("hostssl")
    .default("hostssl")
    .describe("Kind of connection. Only TLS is let in, so only `hostssl`."),
  database: identifier().describe("A declared database, or `all`."),
  user: identifier().describe("A declared user, or `all`."),
  address: text({
    rule: "must be an IPv4 or IPv6 network in CIDR form whose host bits are zero, or all",
    remedy: 'Use a network such as "10.0.0.0/8", or "all".',
    test: isHbaAddress,
  }).describe("Network in CIDR form from which the rule lets in, or `all`."),
  method: z
    .enum(["scram-sha-256", "reject"])
    .default("scram-sha-256")
    .describe("How the client proves who it is."),
});

/** PostgreSQL itself: version, parameters, who may connect, databases and users. */
export const postgresSchema = z
  .strictObject({
    version: z
      .literal(POSTGRES_VERSIONS)
      .default(17)
      .describe("PostgreSQL major version. Another one takes a second cluster: docs/servers.md."),
    parameters: parameters
      .default({})
      .describe(
        "PostgreSQL parameters by name, for all members. Those the program owns are refused, each with what to use instead.",
      ),
    hba: z
      .array(hbaSchema)
      .default([])
      .describe(
        "Who may connect from where, first match wins. Empty: declared users from anywhere, with TLS and scram-sha-256.",
      ),
    databases: z.array(databaseSchema).prefault([]).describe("Databases that the program keeps."),
    users: z.array(userSchema).default([]).describe("Users that the program keeps."),
  })
  .describe("PostgreSQL itself: version, parameters, who may connect, databases and users.");

/** One extension of a database; a bare name in the config becomes `{ name }`. */
export type ExtensionConfig = z.output<typeof extensionSchema>;
/** Value of a PostgreSQL parameter as the config may hold it. */
export type ParameterValue = z.output<typeof parameterValue>;

function isHbaAddress(value: string): boolean {
  if (value === "all") return true;
  if (!/^[0-9A-Fa-f.:]+\/\d{1,3}$/.test(value)) return false;
  if (!ipaddr.isValidCIDR(value)) return false;
  const [address, bits] = ipaddr.parseCIDR(value);
  if (address.kind() === "ipv4") {
    const dotted = ipaddr.IPv4.isValidFourPartDecimal(value.slice(0, value.indexOf("/")));
    return dotted && ipaddr.IPv4.networkAddressFromCIDR(value).toString() === address.toString();
  }
  return bits === 0 || ipaddr.IPv6.networkAddressFromCIDR(value).toString() === address.toString();
}
