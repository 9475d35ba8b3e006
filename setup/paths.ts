import { chmodSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export { root } from "./root";

/** Where the tools live that every clone of this user shares; they can be fetched or built again. */
function toolsDir(): string {
  return fromEnv("PGHA_TOOLS", "XDG_DATA_HOME", ".local/share");
}

/** Where state, passphrase and key escrow live: the only copy, so never in a clone. */
export function stateDir(): string {
  return fromEnv("PGHA_STATE", "XDG_STATE_HOME", ".local/state");
}

/** A path among the tools. */
export function tools(...parts: string[]): string {
  return join(toolsDir(), ...parts);
}

/** A path in the state directory. */
export function state(...parts: string[]): string {
  return join(stateDir(), ...parts);
}

/** Makes the state directory and its folders, readable by nobody else. */
export function makeStateDir(): void {
  for (const folder of ["", "backend", "stacks", "escrow"]) {
    const path = state(folder);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o700);
  }
}

function fromEnv(own: string, xdg: string, fallback: string): string {
  const chosen = process.env[own];
  if (chosen) return resolve(chosen);
  return join(process.env[xdg] || join(homedir(), fallback), "postgres-ha");
}
