import { configJsonSchema, type SchemaNode } from "./jsonSchema";

const HEADER = `# Stack config

Made from the schema in model/config by \`UPDATE=1 npx vitest run tests/unit/config\`; do not edit.

Every key is set in \`Pulumi.STACK.yaml\` under \`config:\` with the prefix \`postgres-ha:\`. An unknown key
is refused. \`[]\` stands for each entry of a list. A key with the default _required_ has to be set
wherever the map that holds it is; _none_ means that it may be left out.
`;

const FOOTER = `
## passwords

The one secret key: a map from user to password, each 8 to 256 characters. Users are those declared
in \`postgres.users\` and the program's own roles. Passwords that are not set are made. Set one with

    npm run pulumi -- config set --secret --path "postgres-ha:passwords.USER" --stack STACK

Anything that looks like a password in another key is refused.
`;

interface Row {
  readonly path: string;
  readonly type: string;
  readonly base: string;
  readonly meaning: string;
}

/** The reference of the stack config, as Markdown: path, type, default and meaning of every key. */
export function renderReference(): string {
  const root = configJsonSchema();
  const sections = Object.entries(root.properties ?? {}).map(([key, node]) => {
    const rows = rowsOf(key, node, root.required?.includes(key) ?? false);
    return [`\n## ${key}\n`, node.description ?? "", "", ...tableOf(rows)].join("\n");
  });
  return `${HEADER}${sections.join("\n")}\n${FOOTER}`;
}

/** Columns are padded, as the formatter wants them. */
function tableOf(rows: readonly Row[]): string[] {
  const lines = rows.map(({ path, type, base, meaning }) => [`\`${path}\``, type, base, meaning]);
  const head = ["key", "type", "default", "meaning"];
  const widths = head.map((_, column) =>
    Math.max(...[head, ...lines].map((cells) => (cells[column] ?? "").length)),
  );
  const rule = widths.map((width) => "-".repeat(width));
  return [head, rule, ...lines].map((cells) => {
    return `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  });
}

function rowsOf(path: string, node: SchemaNode, required: boolean): Row[] {
  const row: Row = {
    path,
    type: escaped(typeOf(node)),
    base: defaultOf(node, required),
    meaning: escaped(node.description ?? ""),
  };
  // The text above the table says what the section itself is.
  const isSection = !path.includes(".") && node.properties !== undefined;
  return [...(isSection ? [] : [row]), ...childRows(path, node)];
}

function childRows(path: string, node: SchemaNode): Row[] {
  const own = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    rowsOf(`${path}.${key}`, child, node.required?.includes(key) ?? false),
  );
  const entries = node.items ? childRows(`${path}[]`, node.items) : [];
  const branches = (node.anyOf ?? []).flatMap((branch) => childRows(path, branch));
  return [...own, ...entries, ...branches];
}

function typeOf(node: SchemaNode): string {
  if (node.anyOf) return [...new Set(node.anyOf.map(typeOf))].join(" or ");
  const values = node.enum ?? (node.const === undefined ? undefined : [node.const]);
  if (values) return values.map((value) => `\`${String(value)}\``).join(", ");
  if (node.items) return `list of ${typeOf(node.items)}`;
  if (typeof node.additionalProperties === "object") {
    return `map of name to ${typeOf(node.additionalProperties)}`;
  }
  if (node.properties) return "map";
  return scalarType(node);
}

function scalarType(node: SchemaNode): string {
  const names: Readonly<Record<string, string>> = {
    string: "text",
    integer: "whole number",
    boolean: "true or false",
  };
  const types = [node.type ?? "anything"].flat().map((type) => names[type] ?? type);
  const bounded = Math.abs(node.maximum ?? Infinity) < Number.MAX_SAFE_INTEGER;
  return `${types.join(" or ")}${bounded ? `, ${node.minimum} to ${node.maximum}` : ""}`;
}

function defaultOf(node: SchemaNode, required: boolean): string {
  if (required) return "_required_";
  if (node.properties || node.default === undefined)
    return node.properties ? "see below" : "_none_";
  return `\`${JSON.stringify(node.default)}\``;
}

/** A bar would end the cell. */
function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}
