/**
 * The one quoting function of each text format that the cluster's programs read. Names are checked
 * in model/config already; these refuse what could not be quoted, as the last line of defence.
 */
import { stringify } from "yaml";

const LINE_BREAK = /[\n\r\0]/;

/** YAML with sorted keys: the same input is the same text, so there is no phantom diff. */
export function yamlText(document: unknown): string {
  // YAML 1.1, as Python reads it: there a bare `on` is a boolean, so texts like it are quoted.
  const form = { version: "1.1", sortMapEntries: true, lineWidth: 0 } as const;
  return stringify(document, { ...form, aliasDuplicateObjects: false });
}

/** JSON with a final newline. */
export function jsonText(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Sections of an INI file; a list value becomes one line for each of its entries. */
export type IniSections = Record<string, Record<string, string | number | readonly string[]>>;

/**
 * INI as pgBackRest and PgBouncer read it: `key = value` to the end of the line, no escapes and no
 * comment behind a value. Spaces around it are cut off, so a value that has some, or that breaks
 * the line, is refused.
 */
export function iniText(sections: IniSections): string {
  return Object.entries(sections)
    .map(([name, entries]) => `[${name}]\n${Object.entries(entries).map(iniEntry).join("")}`)
    .join("\n");
}

function iniEntry([key, value]: [string, string | number | readonly string[]]): string {
  const values = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
  return values.map((one) => `${key} = ${iniValue(key, one)}\n`).join("");
}

function iniValue(key: string, value: string): string {
  if (LINE_BREAK.test(value)) throw new Error(`render: value of ${key} breaks its line`);
  if (value !== value.trim()) throw new Error(`render: value of ${key} has spaces around it`);
  return value;
}

/** A word of haproxy.cfg: in single quotes, which keep everything but themselves. */
export function haproxyWord(value: string): string {
  if (LINE_BREAK.test(value)) throw new Error("render: an haproxy.cfg word breaks its line");
  return /^[A-Za-z0-9_.:/@-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/**
 * A name of pg_hba.conf: in double quotes it has no special meaning, but for `all`. A slash at the
 * beginning makes it a regular expression even there.
 */
export function hbaName(value: string): string {
  if (LINE_BREAK.test(value) || value.includes('"') || value.startsWith("/")) {
    throw new Error(`render: ${JSON.stringify(value)} cannot stand in pg_hba.conf`);
  }
  return value === "all" ? "all" : `"${value}"`;
}

/** A line of PgBouncer's userlist.txt: both in double quotes, doubled inside. */
export function userlistLine(user: string, secret: string): string {
  if (LINE_BREAK.test(user + secret))
    throw new Error("render: a userlist.txt entry breaks its line");
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  return `${quoted(user)} ${quoted(secret)}\n`;
}
