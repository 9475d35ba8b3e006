import { z } from "zod";

import type { PathStep } from "./problem";
import { stackConfigSchema } from "./schema";

/** The part of a JSON schema that the reference and the messages use. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly additionalProperties?: SchemaNode | boolean;
}

/** The stack config as a person writes it, as a JSON schema. */
export function configJsonSchema(): SchemaNode {
  return z.toJSONSchema(stackConfigSchema, { io: "input" }) as SchemaNode;
}

/** The keys that an object at `path` may have; empty where it is no object with fixed keys. */
export function knownKeys(path: readonly PathStep[]): readonly string[] {
  let nodes: readonly SchemaNode[] = [configJsonSchema()];
  for (const step of path) nodes = nodes.flatMap(alternatives).flatMap((node) => child(node, step));
  return nodes.flatMap(alternatives).flatMap((node) => Object.keys(node.properties ?? {}));
}

function alternatives(node: SchemaNode): readonly SchemaNode[] {
  return node.anyOf ?? [node];
}

function child(node: SchemaNode, step: PathStep): readonly SchemaNode[] {
  const found = typeof step === "number" ? node.items : node.properties?.[step];
  return found ? [found] : [];
}
