/** What an escrow file holds. */
import { readFileSync } from "node:fs";
import type { ClusterKeys, StackOutputs } from "../stack/outputs";

/** The decrypted document. */
export interface EscrowContent extends ClusterKeys {
  /** Passphrase of Pulumi's state, where the project keeps one: without it the state is sealed. */
  readonly statePassphrase: string | null;
  readonly consulViewerToken: string;
}

/** Gathers the keys of a cluster. */
export function escrowContent({ operations }: StackOutputs, env: NodeJS.ProcessEnv): EscrowContent {
  const { keys, consulViewerToken } = operations;
  return { statePassphrase: statePassphrase(env), ...keys, consulViewerToken };
}

/** The names of what is in it, for a person who must not see the values; pure. */
export function contentNames(content: EscrowContent): string[] {
  return Object.entries(content).flatMap(([name, value]: [string, unknown]) => {
    if (value === null) return [];
    if (typeof value !== "object") return [name];
    return [`${name} (${Object.keys(value).join(", ")})`];
  });
}

/** As Pulumi finds it: the environment is set by setup, or is the person's own. */
function statePassphrase(env: NodeJS.ProcessEnv): string | null {
  if (env.PULUMI_CONFIG_PASSPHRASE !== undefined) return env.PULUMI_CONFIG_PASSPHRASE;
  const file = env.PULUMI_CONFIG_PASSPHRASE_FILE;
  return file === undefined || file === "" ? null : readFileSync(file, "utf8").trimEnd();
}
