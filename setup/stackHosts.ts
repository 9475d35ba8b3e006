import { resolve } from "node:path";
import type { HostAccess } from "../model/access";
import type { StackConfig } from "../model/config";
import { planTopology, type Topology } from "../model/topology";
import { stackConfig } from "../ops/stack/config";
import { root } from "./paths";
import type { PulumiCommand } from "./pulumiArgs";

/** The hosts of a stack, as its file has them. */
export interface StackHosts {
  readonly stack: string;
  /** The person's own stack file, if one was named. */
  readonly file?: string | undefined;
  readonly config: StackConfig;
  /** Without the hosts of state `retired`. */
  readonly topology: Topology;
}

/** Commands of Pulumi that reach the hosts. */
const REACHING = ["up", "preview", "refresh", "destroy"];

/**
 * Reads the stack file of a command that reaches hosts; undefined for any other, and where the
 * config is bad, which the program says better.
 */
export function hostsFor(
  { verb, help, cwd, configFile }: PulumiCommand,
  stack: string,
): StackHosts | undefined {
  if (help || cwd !== undefined || !REACHING.includes(verb)) return undefined;
  try {
    const file = configFile === undefined ? undefined : resolve(root, configFile);
    const config = stackConfig(stack, file);
    return { stack, file, config, topology: planTopology(config) };
  } catch {
    return undefined;
  }
}

/** Flags for a command of Pulumi on the same stack file. */
export function fileFlags({ file }: StackHosts): string[] {
  return file === undefined ? [] : ["--config-file", file];
}

/** The ways to the hosts that are not said to be `unreachable`. */
export function accessOf({ topology }: StackHosts): HostAccess[] {
  return topology.hosts.filter((host) => host.reachable).map(({ access }) => access);
}
