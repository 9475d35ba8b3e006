/** Ways to hosts, found in plain data. */
import type { HostAccess } from "./access";

type Bag = Readonly<Record<string, unknown>>;

/** Whether a value has named fields. */
export function isBag(value: unknown): value is Bag {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value says how a host is reached: `{ name, docker, hostKey }`. */
export function isAccess(value: unknown): value is HostAccess & Bag {
  return isBag(value) && typeof value["name"] === "string" && typeof value["docker"] === "string";
}

/** Every way to a host, at any depth. */
export function accessesIn(value: unknown): HostAccess[] {
  if (isAccess(value)) return [value];
  const parts = Array.isArray(value) ? value : isBag(value) ? Object.values(value) : [];
  return parts.flatMap(accessesIn);
}
