/** Ways to hosts, found in plain data: inputs and outputs of resources. */
import type { HostAccess } from "./access";

type Bag = Readonly<Record<string, unknown>>;

/** Whether a value has named fields. */
function isBag(value: unknown): value is Bag {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value says how a host is reached: `{ name, docker, hostKey }`. */
function isAccess(value: unknown): value is HostAccess & Bag {
  return isBag(value) && typeof value["name"] === "string" && typeof value["docker"] === "string";
}

/** Every way to a host, at any depth. */
export function accessesIn(value: unknown): HostAccess[] {
  if (isAccess(value)) return [value];
  const parts = Array.isArray(value) ? value : isBag(value) ? Object.values(value) : [];
  return parts.flatMap(accessesIn);
}

/** Name of the one host that a value is a way to, or a way to a container of; else undefined. */
export function hostIn(value: unknown): string | undefined {
  if (isAccess(value)) return value.name;
  return isBag(value) && isAccess(value["host"]) ? value["host"].name : undefined;
}

/** The same value with each way to a host replaced. */
export function mapAccess(value: unknown, change: (access: HostAccess) => HostAccess): unknown {
  if (isAccess(value)) return change(value);
  return inside(value, (part) => mapAccess(part, change));
}

/** The same value with lists that name parts on some hosts rid of these. */
export function withoutHosts(value: unknown, hosts: ReadonlySet<string>): unknown {
  const stays = (part: unknown): boolean => !hosts.has(hostIn(part) ?? "");
  return inside(Array.isArray(value) ? value.filter(stays) : value, (part) =>
    withoutHosts(part, hosts),
  );
}

function inside(value: unknown, change: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (!isBag(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part)]));
}
