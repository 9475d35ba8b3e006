/**
 * The one quoting function of each text format that the cluster's programs read. Names are checked
 * in model/config already; these refuse what could not be quoted, as the last line of defence.
 */
import { Document, Scalar, visit } from "yaml";

const LINE_BREAK = /[\n\r\0]/;

/** Texts that YAML may leave bare; whether it does is up to the library (`on`, `null` are not). */
const BARE = /^[A-Za-z_/][A-Za-z0-9_./-]*$/;

/** What Python's reader refuses, or takes for a line break, even between quotes. */
const UNPRINTABLE = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * YAML that Python reads as YAML 1.1, with sorted keys: the same input is the same text, so there is no
 * phantom diff. Any text but a plain word is quoted: to Python a bare `=` or `<<` is an error.
 */
export function yamlText(document: unknown): string {
  const yaml = new Document(document, {
    compat: "yaml-1.1",
    sortMapEntries: true,
    aliasDuplicateObjects: false,
  });
  visit(yaml, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string" && !BARE.test(scalar.value)) {
        scalar.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  const escaped = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return yaml.toString({ lineWidth: 0, directives: false }).replace(UNPRINTABLE, escaped);
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
