/** SQL texts for roles: identifiers escaped, settings as literals. */
import { escapeIdentifier, escapeLiteral } from "pg";

/** Attributes of a role. */
export interface RoleAttributes {
  readonly login: boolean;
  readonly replication: boolean;
  readonly createDb: boolean;
  /** -1 for no limit. */
  readonly connectionLimit: number;
}

/** Attributes that no declared role has: what takes each away, and how SQL asks for it. */
export const UNDECLARED = [
  { name: "SUPERUSER", off: "NOSUPERUSER", has: "a.rolsuper" },
  { name: "CREATEROLE", off: "NOCREATEROLE", has: "a.rolcreaterole" },
  { name: "BYPASSRLS", off: "NOBYPASSRLS", has: "a.rolbypassrls" },
  { name: "NOINHERIT", off: "INHERIT", has: "NOT a.rolinherit" },
  { name: "VALID UNTIL", off: "VALID UNTIL 'infinity'", has: "a.rolvaliduntil < 'infinity'" },
] as const;

/** Options of CREATE ROLE and ALTER ROLE; a verifier, never a password. */
export function roleOptions(role: RoleAttributes, verifier: string | undefined): string {
  if (!Number.isInteger(role.connectionLimit)) throw new Error("connectionLimit is not an integer");
  const options = [
    role.login ? "LOGIN" : "NOLOGIN",
    role.replication ? "REPLICATION" : "NOREPLICATION",
    role.createDb ? "CREATEDB" : "NOCREATEDB",
    `CONNECTION LIMIT ${role.connectionLimit}`,
    ...UNDECLARED.map(({ off }) => off),
  ];
  if (verifier !== undefined) options.push(`PASSWORD ${escapeLiteral(verifier)}`);
  return options.join(" ");
}

/** Settings that PostgreSQL keeps as lists of quoted names. */
const LISTS = new Set([
  "search_path",
  "temp_tablespaces",
  "session_preload_libraries",
  "local_preload_libraries",
]);

/** Items of a list setting, without their quotes. */
function items(value: string): string[] {
  const found = value.match(/"(?:[^"]|"")*"|[^,\s][^,]*/g) ?? [];
  return found.map((item) => {
    const text = item.trim();
    return text.startsWith('"') ? text.slice(1, -1).replace(/""/g, '"') : text;
  });
}

/** Whether two values of a setting mean the same. */
export function sameSetting(name: string, left: string, right: string): boolean {
  if (!LISTS.has(name)) return left === right;
  return JSON.stringify(items(left)) === JSON.stringify(items(right));
}

/** `ALTER ROLE ... SET`, with list settings as lists. */
export function setStatement(role: string, name: string, value: string): string {
  const literal = LISTS.has(name)
    ? items(value).map(escapeLiteral).join(", ")
    : escapeLiteral(value);
  return `ALTER ROLE ${escapeIdentifier(role)} SET ${settingName(name)} = ${literal || "''"}`;
}

/** `ALTER ROLE ... RESET`. */
export function resetStatement(role: string, name: string): string {
  return `ALTER ROLE ${escapeIdentifier(role)} RESET ${settingName(name)}`;
}

function settingName(name: string): string {
  return name.split(".").map(escapeIdentifier).join(".");
}

/** Settings as the catalog has them (`name=value`). */
export function parseSettings(config: readonly string[] | null): Record<string, string> {
  const entries = (config ?? []).map((line): [string, string] => {
    const cut = line.indexOf("=");
    return [line.slice(0, cut), line.slice(cut + 1)];
  });
  return Object.fromEntries(entries);
}
