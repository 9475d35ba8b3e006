import { ConfigError, parseConfig, type Problem } from "../../../model/config";

/** Untyped config that a test may spoil in any way. */
export type Raw = Record<string, unknown>;

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+G0IGITH1lmi/qoMVa0BWjv08bKwuCLNFdbBWw8AoI";

/** A valid host key. */
export const HOST_KEY = KEY;

/** A fresh config of three hosts that passes every check without a warning. */
export function good(): Raw {
  return {
    cluster: "orders",
    hosts: [1, 2, 3].map((n) => ({
      name: `pg${n}`,
      address: `10.0.1.1${n}`,
      docker: `ssh://deploy@10.0.1.1${n}`,
      hostKey: KEY,
      zone: `zone-${n}x`,
      runs: ["consul", "postgres", "haproxy", "pgbouncer", ...(n === 3 ? ["backup"] : [])],
    })),
    postgres: {
      databases: [{ name: "orders", owner: "orders", extensions: ["pgcrypto"] }],
      users: [{ name: "orders" }],
    },
  };
}

/** A fresh config of one host that passes every check without a warning. */
export function oneHost(): Raw {
  return {
    cluster: "dev",
    hosts: [
      {
        name: "local",
        docker: "unix:///var/run/docker.sock",
        runs: { consul: 3, postgres: 3, haproxy: 1, pgbouncer: 1, backup: 1 },
      },
    ],
    postgres: { databases: [{ name: "app", owner: "app" }], users: [{ name: "app" }] },
  };
}

/** Sets the value at a path (`hosts/0/name`); `undefined` removes the key. */
export function set(raw: Raw, path: string, value: unknown): Raw {
  const keys = path.split("/");
  const last = keys.pop() ?? "";
  const holder = keys.reduce<Raw>((at, key) => {
    at[key] ??= {};
    return at[key] as Raw;
  }, raw);
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
  return raw;
}

/** The problems of a config; empty when it is accepted. */
export function problemsOf(raw: unknown, passwords?: Record<string, unknown>): readonly Problem[] {
  return errorOf(raw, passwords)?.problems ?? [];
}

/** The error of a config; undefined when it is accepted. */
export function errorOf(
  raw: unknown,
  passwords?: Record<string, unknown>,
): ConfigError | undefined {
  try {
    parseConfig(raw, passwords);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}
