import * as pulumi from "@pulumi/pulumi";
import * as runtimeConfig from "@pulumi/pulumi/runtime/config";
import { ConfigError, parseConfig, type StackConfig } from "../model/config";

const NAMESPACE = "postgres-ha:";

// The SDK keeps this out of its types, and has no other way to ask.
const { isConfigSecret } = runtimeConfig as unknown as {
  isConfigSecret: (this: void, key: string) => boolean;
};

/** The stack config, checked, and the passwords that a person chose, still secret. */
export interface LoadedConfig {
  readonly config: StackConfig;
  readonly passwords: Readonly<Record<string, pulumi.Output<string>>>;
}

/**
 * Reads the stack config: the only place that does. Throws a RunError with every problem at once
 * before any resource is declared, so nothing has been touched.
 */
export function loadConfig(): LoadedConfig {
  const raw: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(pulumi.runtime.allConfig())) {
    if (!key.startsWith(NAMESPACE)) continue;
    const name = key.slice(NAMESPACE.length);
    raw[name] = parseValue(text);
  }
  const { passwords, ...rest } = raw;
  // Passwords in the clear stay with the rest, where they are refused as anywhere else.
  const sealed = isConfigSecret(`${NAMESPACE}passwords`);
  try {
    const { config, warnings } = parseConfig(
      sealed ? rest : raw,
      passwords as Record<string, unknown> | undefined,
    );
    for (const warning of warnings) void pulumi.log.warn(warning);
    return { config, passwords: secretPasswords(passwords) };
  } catch (error) {
    if (error instanceof ConfigError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

/** Objects and numbers arrive as JSON; a plain word arrives as itself. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function secretPasswords(passwords: unknown): Record<string, pulumi.Output<string>> {
  const chosen = (passwords ?? {}) as Record<string, string>;
  return Object.fromEntries(
    Object.entries(chosen).map(([user, password]) => [user, pulumi.secret(password)]),
  );
}
