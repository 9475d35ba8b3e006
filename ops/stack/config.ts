/** The config and topology of a stack from its file alone: no cluster, no Pulumi, no secret is needed. */
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { ControlError, describe } from "../../control/errors";
import { parseConfig, type StackConfig } from "../../model/config";
import { planTopology, type Topology } from "../../model/topology";
import { root } from "../../setup/paths";
import { readProject, stackCopy } from "../../setup/stackCopy";

/** Lays out a stack's cluster from its tracked file; refuses a config as `up` does. */
export function stackTopology(stack: string): Topology {
  return planTopology(stackConfig(stack));
}

/**
 * The config of a stack, checked, without the passwords.
 *
 * @param file Stack file; default the tracked one.
 * @throws ControlError when the file cannot be read, ConfigError for a bad config.
 */
export function stackConfig(stack: string, file?: string): StackConfig {
  const { project, tracked } = stackCopy(readProject(root), stack);
  const path = file ?? tracked;
  if (!existsSync(path)) {
    throw unusable(path, "it does not exist", "Name another stack with --stack, or write it.");
  }
  let text: unknown;
  try {
    text = parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw unusable(path, describe(error), "Correct it and run the command again.");
  }
  return parseConfig(clusterKeys(text, project.name)).config;
}

/**
 * The keys of a project's namespace in a stack file, without the encrypted passwords: the layout
 * does not depend on them. Pure.
 */
export function clusterKeys(file: unknown, namespace: string): Record<string, unknown> {
  const config = (file as { config?: Record<string, unknown> } | null)?.config ?? {};
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith(`${namespace}:`))
      .map(([key, value]) => [key.slice(namespace.length + 1), value] as const)
      .filter(([key]) => key !== "passwords"),
  );
}

function unusable(file: string, found: string, remedy: string): ControlError {
  return new ControlError({ doing: "read the stack's config", where: file, found, remedy });
}
