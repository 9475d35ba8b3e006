/** The compose file of the same containers: what a person would write by hand; pure. */
import { parse } from "yaml";
import { yamlText } from "../model/render/formats";
import type { ContainerInputs, Declared } from "./state";

/** Version 2.4: the last one that both docker-compose 1 and the compose plugin read limits from. */
const VERSION = "2.4";
const NETWORK = "cluster";

/** The document of a compose file; `configRoot` holds one directory of config files a container. */
export function composeFile(declared: Declared, configRoot: string): Record<string, unknown> {
  const { containers, network } = declared;
  const named = containers.flatMap(({ volumes = [] }) =>
    volumes.map(({ volumeName }) => volumeName).filter((name) => !isConfig(name)),
  );
  return {
    version: VERSION,
    networks: {
      [NETWORK]: {
        name: network.name,
        driver: "bridge",
        ipam: { config: [{ subnet: network.subnet, gateway: network.gateway }] },
      },
    },
    volumes: Object.fromEntries([...new Set(named)].map((name) => [name, { name }])),
    services: Object.fromEntries(
      containers.map((container) => [container.name, service(container, configRoot)]),
    ),
  };
}

function service(inputs: ContainerInputs, configRoot: string): Record<string, unknown> {
  const address = inputs.networksAdvanced?.[0]?.ipv4Address;
  const entries: Record<string, unknown> = {
    container_name: inputs.name,
    hostname: inputs.hostname,
    image: inputs.image,
    command: inputs.command,
    environment: inputs.envs,
    user: inputs.user,
    read_only: inputs.readOnly,
    tmpfs: Object.entries(inputs.tmpfs ?? {}).map(([path, options]) => `${path}:${options}`),
    cap_drop: inputs.capabilities?.drops?.map((name) => name.replace(/^CAP_/, "")),
    security_opt: inputs.securityOpts,
    mem_limit: mebibytes(inputs.memory),
    memswap_limit: mebibytes(inputs.memorySwap),
    shm_size: mebibytes(inputs.shmSize),
    restart: inputs.restart,
    stop_grace_period: inputs.stopTimeout === undefined ? undefined : `${inputs.stopTimeout}s`,
    logging: { driver: inputs.logDriver, options: inputs.logOpts },
    networks: { [NETWORK]: { ipv4_address: address } },
    ports: inputs.ports?.map(
      ({ ip, external, internal, protocol }) => `${ip}:${external}:${internal}/${protocol}`,
    ),
    volumes: inputs.volumes?.map((volume) => mount(volume, configRoot)),
    healthcheck: healthcheck(inputs),
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

function mount(
  volume: NonNullable<ContainerInputs["volumes"]>[number],
  configRoot: string,
): string {
  const { volumeName, containerPath, readOnly } = volume;
  const source = isConfig(volumeName) ? `${configRoot}/${configOwner(volumeName)}` : volumeName;
  return `${source}:${containerPath}:${readOnly === true ? "ro" : "rw"}`;
}

function healthcheck({ healthcheck: check }: ContainerInputs): Record<string, unknown> | undefined {
  if (check === undefined) return undefined;
  const { tests, interval, timeout, startPeriod, retries } = check;
  return { test: tests, interval, timeout, start_period: startPeriod, retries };
}

function mebibytes(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${value}m`;
}

function isConfig(volume: string): boolean {
  return volume.endsWith("-config");
}

/** Config volumes are named after their container, and so are the directories of files. */
function configOwner(volume: string): string {
  return volume.slice(0, -"-config".length);
}

/** Every config file with the path that it has below `configRoot`. */
export function configFiles({ files }: Declared, configRoot: string) {
  return files.flatMap(({ directory, files: texts }) =>
    Object.entries(texts).map(([path, file]) => ({
      ...file,
      path: `${configRoot}/${directory.replace(/^\/config\//, "")}/${path}`,
      content: path === "patroni.yml" ? withPlainInitdb(file.content) : file.content,
    })),
  );
}

/** Nobody gives a permit for a new cluster here. */
function withPlainInitdb(text: string): string {
  const document = parse(text) as { postgresql: Record<string, unknown> };
  const { bin_name: _, ...postgresql } = document.postgresql;
  return yamlText({ ...document, postgresql });
}
