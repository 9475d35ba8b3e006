/** The topology of a stack from its config file alone: no cluster, no Pulumi, no secret is needed. */
import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { ControlError, describe } from "../../control/errors";
import { parseConfig } from "../../model/config";
import { planTopology, type Topology } from "../../model/topology";
import { root } from "../../setup/paths";
import { readProject, stackCopy } from "../../setup/stackCopy";

/** Lays out a stack's cluster from its tracked file; refuses a config as `up` does. */
export function stackTopology(stack: string): Topology {
  const { project, tracked } = stackCopy(readProject(root), stack);
  if (!existsSync(tracked)) {
    throw unusable(tracked, "it does not exist", "Name another stack with --stack, or write it.");
  }
  let file: unknown;
  try {
    file = parse(readFileSync(tracked, "utf8"));
  } catch (error) {
    throw unusable(tracked, describe(error), "Correct it and run the command again.");
  }
  return planTopology(parseConfig(clusterKeys(file, project.name)).config);
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
