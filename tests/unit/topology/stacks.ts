import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseConfig, type StackConfig } from "../../../model/config";

/** The clone. */
const PROJECT = join(__dirname, "../../..");

const NAMESPACE = "postgres-ha:";

/** The keys of a tracked stack file, as they stand. */
export function rawStack(stack: "dev" | "prod"): Record<string, unknown> {
  const file = parse(readFileSync(join(PROJECT, `Pulumi.${stack}.yaml`), "utf8")) as {
    config: Record<string, unknown>;
  };
  return Object.fromEntries(
    Object.entries(file.config).map(([key, value]) => [key.slice(NAMESPACE.length), value]),
  );
}

/** The config of a tracked stack file, checked, defaults applied. */
export function stackConfig(
  stack: "dev" | "prod",
  change: (raw: Record<string, unknown>) => void = () => undefined,
): StackConfig {
  const raw = rawStack(stack);
  change(raw);
  return parseConfig(raw).config;
}
