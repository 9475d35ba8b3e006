/** What of a cluster a killed `up` may have left, and what is to be done about it; pure. */
import type { ContainerAccess } from "../../model/access";

/** A container and what it does. */
export interface Seen {
  readonly access: ContainerAccess;
  readonly status: string;
}

/** Containers to be started, and sentences about what is left to people. */
export interface Starts {
  readonly start: readonly ContainerAccess[];
  readonly left: readonly string[];
}

/** States of a container that the engine would not end by itself. */
const STOPPED = ["created", "exited", "dead"];

/**
 * Stopped containers are started, but for those of a host with none that runs while others do: it
 * is out for maintenance, and comes back in by that verb. Missing ones are made by `up`.
 */
export function startsOf(seen: readonly Seen[]): Starts {
  const hosts = [...new Set(seen.map(({ access }) => access.host.name))];
  const running = new Set(
    seen.filter(({ status }) => !isDown(status)).map(({ access }) => access.host.name),
  );
  const out = running.size === 0 ? [] : hosts.filter((host) => !running.has(host));
  const missing = seen.filter(({ status }) => status === "missing");
  return {
    start: seen
      .filter(({ access, status }) => STOPPED.includes(status) && !out.includes(access.host.name))
      .map(({ access }) => access),
    left: [
      ...out.map(
        (host) =>
          `Host ${host} is out, none of its containers runs: ops -- maintenance ${host} off brings it back.`,
      ),
      ...missing
        .filter(({ access }) => !out.includes(access.host.name))
        .map(
          ({ access }) =>
            `Container ${access.container} on host ${access.host.name} is missing: \`up\` makes it.`,
        ),
    ],
  };
}

function isDown(status: string): boolean {
  return STOPPED.includes(status) || status === "missing";
}
