import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parse, stringify } from "yaml";

/** A nested document. */
export type Tree = { [key: string]: unknown };

const SALT = "encryptionsalt";

/** A stack file of the tests: the config by its keys without their prefix. */
export class StackFile {
  constructor(readonly path: string) {}

  /** Writes the config; the salt that Pulumi put into the file stays. */
  write(config: Tree): void {
    const before = existsSync(this.path) ? (parse(readFileSync(this.path, "utf8")) as Tree) : {};
    const keys = Object.entries(config).map(([key, value]) => [`postgres-ha:${key}`, value]);
    const salt = SALT in before ? { [SALT]: before[SALT] } : {};
    writeFileSync(this.path, stringify({ ...salt, config: Object.fromEntries(keys) as Tree }));
  }

  /** The config as it is in the file now. */
  read(): Tree {
    const { config } = parse(readFileSync(this.path, "utf8")) as { config: Tree };
    return Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key.replace(/^postgres-ha:/, ""), value]),
    );
  }

  /** Joins a patch (see `merged`) into the config. */
  patch(patch: Tree): void {
    this.write(merged(this.read(), patch));
  }
}

/** Joins a patch into a document: objects deeply, all else replaced, `undefined` removes. */
export function merged(into: Tree, patch: Tree): Tree {
  const result = { ...into };
  for (const [key, value] of Object.entries(patch)) {
    const old = result[key];
    if (value === undefined) delete result[key];
    else result[key] = isTree(old) && isTree(value) ? merged(old, value) : value;
  }
  return result;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
