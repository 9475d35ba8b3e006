/** The short-lived container of a host that answers on its free ports and dials the others. */
import type Docker from "dockerode";
import type { ContainerAccess } from "../../model/access";
import type { PlannedPort, TriedHost } from "../../model/hostResources";
import { dockerClient, dockerFailure } from "../docker";
import { execChecked } from "../exec";
import { createTask } from "../task";
import { NotYet, until } from "../until";
import {
  answerKey,
  parseAnswers,
  portKey,
  targetWords,
  type Answer,
  type Served,
  type Target,
} from "./dials";
import { parseSocketTables, SOCKET_TABLES } from "./sockets";

/** Seconds after which the container ends and is removed, whatever became of the run. */
const LIFE_SECONDS = 60;
const MIB = 1024 ** 2;

/** Answers on each `PROTOCOL:PORT` with the container's host name; stays where there is none to answer on. */
const LISTEN = `
sleep infinity &
for port in "$@"; do
  case $port in
    tcp:*) socat "TCP4-LISTEN:\${port#tcp:},fork,reuseaddr,backlog=128" 'EXEC:cat /etc/hostname' & ;;
    udp:*) socat "UDP4-RECVFROM:\${port#udp:},fork,reuseaddr" 'EXEC:cat /etc/hostname' & ;;
  esac
done
wait`;

/** Dials one target: protocol, address, port, what to expect, length of the name. */
const DIAL_ONE = `
to=$2:$3
case $1:$4 in
  tcp:connect) text=$(socat -u OPEN:/dev/null "TCP4:$to,connect-timeout=3" 2>&1); code=$? ;;
  tcp:name) text=$(socat -T 3 -t 3 - "TCP4:$to,connect-timeout=3" 2>&1 </dev/null); code=$? ;;
  udp:name)
    # A datagram may be lost on the best of ways.
    for try in 1 2 3; do
      text=$(echo '?' | timeout 2 socat -T 1 -t 1 - "UDP4:$to,readbytes=$5" 2>&1); code=$?
      [ "$code" = 0 ] && [ -n "$text" ] && break
    done ;;
esac
printf '%s %s %s\\t%s\\t%s\\n' "$1" "$2" "$3" "$code" "$(printf %s "$text" | tail -n 1)"`;
const AT_ONCE = 32;
const WORDS = 5;
const DIAL_MS = 30_000;

/** What the container is made of: a tag that the host has, and the name of a network. */
export interface MadeOf {
  readonly image: string;
  readonly network: string;
}

/** Makes and starts a host's container; it publishes the ports that nobody of ours serves yet. */
export async function startListener(
  access: ContainerAccess,
  made: MadeOf,
  host: TriedHost,
  served: Served,
): Promise<void> {
  const free = host.ports.filter((port) => !served.has(portKey(port)));
  const container = await createTask(access, listenerOptions(made, host, free));
  try {
    await container.start();
  } catch (error) {
    throw dockerFailure("listen on the ports that are going to be published", access, error);
  }
  await listening(access, free);
}

function listenerOptions(
  { image, network }: MadeOf,
  host: TriedHost,
  free: readonly PlannedPort[],
): Docker.ContainerCreateOptions {
  const words = free.map(({ port, protocol }) => `${protocol}:${port}`);
  return {
    Hostname: host.access.name,
    Image: image,
    Cmd: ["timeout", String(LIFE_SECONDS), "sh", "-c", LISTEN, "sh", ...words],
    User: "65534:65534",
    Healthcheck: { Test: ["NONE"] },
    ExposedPorts: Object.fromEntries(free.map((port) => [portKey(port), {}])),
    HostConfig: {
      AutoRemove: true,
      NetworkMode: network,
      PortBindings: Object.fromEntries(
        free.map((port) => [
          portKey(port),
          [{ HostIp: host.address, HostPort: String(port.port) }],
        ]),
      ),
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      Memory: 256 * MIB,
      MemorySwap: 256 * MIB,
    },
    NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: host.ip } } } },
  };
}

/** Waits until every port listens, as the kernel inside the container says. */
async function listening(access: ContainerAccess, free: readonly PlannedPort[]): Promise<void> {
  await until(
    `listening of ${access.container} on host ${access.host.name}`,
    { timeoutMs: 10_000, intervalMs: 100 },
    async () => {
      const text = await execChecked(access, [
        "sh",
        "-c",
        `grep -sH : ${SOCKET_TABLES.join(" ")} || :`,
      ]);
      const bound = new Set(parseSocketTables(text).map(portKey));
      const missing = free.map(portKey).filter((key) => !bound.has(key));
      if (missing.length > 0) throw new NotYet(`nothing listens on ${missing.join(", ")}`);
    },
  );
}

/** Dials all targets from a host's container. */
export async function dialAll(
  access: ContainerAccess,
  targets: readonly Target[],
): Promise<Map<string, Answer>> {
  const known = new Map(targets.map((target) => [answerKey(target), target]));
  const words = [...known.values()].flatMap(targetWords);
  const argv = ["xargs", "-n", String(WORDS), "-P", String(AT_ONCE), "sh", "-c", DIAL_ONE, "sh"];
  const text = await execChecked(access, argv, {
    stdin: words.join(" "),
    timeoutMs: DIAL_MS,
  });
  return parseAnswers(text);
}

/** Host of a listener, for the engine's calls. */
export function listenerOf(cluster: string, host: TriedHost): ContainerAccess {
  return { host: host.access, container: `${cluster}-preflight` };
}

/** Ports of a host that containers of the cluster hold, those that are just starting anew included. */
export async function servedPorts(host: TriedHost): Promise<Map<string, "running" | "held">> {
  const docker = dockerClient(host.access);
  const all = await docker.listContainers({ all: true });
  const ours = all.filter(
    ({ Names, State }) =>
      ["running", "paused", "restarting"].includes(State) &&
      Names.some((name) => host.containers.includes(name.replace(/^\//, ""))),
  );
  const bindings = await Promise.all(
    ours.map(async ({ Id, State }) => {
      const { HostConfig } = await docker.getContainer(Id).inspect();
      const ports = Object.keys((HostConfig.PortBindings ?? {}) as Record<string, unknown>);
      return ports.map((port) => [port, State === "running" ? "running" : "held"] as const);
    }),
  );
  return new Map(bindings.flat());
}
