import ipaddr from "ipaddr.js";
import { z } from "zod";

import { label, text, type TextRule } from "./names";

/** The parts that a host can run, in the order in which they are made. */
export const PARTS = ["consul", "postgres", "haproxy", "pgbouncer", "backup"] as const;

/** One of the parts that a host can run. */
export type Part = (typeof PARTS)[number];

/** How many of each part a host runs; 0 for what it does not run. */
export type PartCounts = Readonly<Record<Part, number>>;

const HOST_KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
];
const UNIX_SOCKET = /^unix:\/\/(\/[A-Za-z0-9._-]+)+$/;
const SSH_HOST =
  /^ssh:\/\/([A-Za-z_][A-Za-z0-9._-]*@)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(:\d{1,5})?$/;
const CLEAN_PATH = /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+)+$/;
const SYSTEM_FOLDER =
  /^\/((bin|boot|home|lib|lib64|media|mnt|opt|root|run|sbin|srv|tmp|usr|var)$|(dev|etc|proc|sys)(\/|$))/;

const address = text({
  rule: "must be an IPv4 address of the host that the other hosts can reach",
  remedy: 'Use an address such as "10.0.1.11", not a loopback, wildcard or multicast one.',
  test: isHostAddress,
});

const dockerUrl = text(
  {
    rule: "must be unix:///path or ssh://[user@]host[:port]",
    remedy: 'Use "unix:///var/run/docker.sock" or "ssh://deploy@10.0.1.11".',
    test: (value) => UNIX_SOCKET.test(value) || SSH_HOST.test(value),
  },
  {
    rule: "must have an ssh port between 1 and 65535",
    remedy: "Correct the port, or leave it out for port 22.",
    test: (value) => value.startsWith("unix:") || validSshPort(value),
  },
);

const hostKey = text({
  rule: `must be an ssh public key "TYPE BASE64" with one of the types ${HOST_KEY_TYPES.join(", ")}`,
  remedy: "Take it from `ssh-keyscan -t ed25519 HOST`, and compare it with the host's own file.",
  test: isHostKey,
});

const cleanPath: TextRule = {
  rule: "must be an absolute path of letters, digits, dot, _ and -, without . or .. parts",
  remedy: 'Use a path such as "/srv/pg".',
  test: (value) => CLEAN_PATH.test(value),
};

const dataPath = text(cleanPath, {
  rule: "must be a folder of its own, not a folder of the operating system",
  remedy: 'Use a folder made for the data, such as "/srv/pg".',
  test: (value) => !SYSTEM_FOLDER.test(value),
});

const count = z.int().min(0).max(32);

const runsMap = z
  .strictObject({
    consul: count.default(0).describe("Consul servers."),
    postgres: count.default(0).describe("PostgreSQL members."),
    haproxy: count.default(0).describe("HAProxy endpoints."),
    pgbouncer: count.default(0).describe("PgBouncer pools."),
    backup: count.default(0).describe("pgBackRest repositories."),
  })
  .describe("How many of each part the host runs.");

const runsList = z
  .array(z.enum(PARTS))
  .superRefine((parts, context) => {
    parts.forEach((part, index) => {
      if (parts.indexOf(part) !== index) {
        context.addIssue({
          code: "custom",
          path: [index],
          message: "is listed twice",
          params: { remedy: `For two on one host use the map form: { ${part}: 2 }.` },
        });
      }
    });
  })
  .describe("Parts of which the host runs one each.");

const runs = z.union([runsList, runsMap]).transform(toCounts);

/** One Docker host of the stack. */
export const hostSchema = z.strictObject({
  name: label().describe(
    "Name of the host, unique in the stack; part of container names and of every message.",
  ),
  address: address
    .optional()
    .describe(
      "IPv4 address at which the other hosts and the clients reach this host; all ports are published on it. Left out only on a stack of one host, which then publishes on 127.0.0.1.",
    ),
  docker: dockerUrl.describe(
    "Docker engine of the host: `unix:///var/run/docker.sock` or `ssh://[user@]host[:port]`.",
  ),
  hostKey: hostKey
    .optional()
    .describe(
      "Public ssh key of the host, `TYPE BASE64`. Required with `ssh://`, refused otherwise: nothing connects to an unknown key.",
    ),
  zone: label()
    .optional()
    .describe(
      "Failure zone (rack, room, data centre) of the host; hosts of one zone fail together.",
    ),
  dataPath: dataPath
    .optional()
    .describe("Folder on the host for the data. Left out: named Docker volumes."),
  state: z
    .enum(["present", "unreachable", "retired"])
    .default("present")
    .describe(
      "`present`: managed. `unreachable`: left alone for now, still counted. `retired`: removed from the cluster without reaching it.",
    ),
  runs: runs.describe(
    "What the host runs: a list (one each) or a map of counts, of `consul`, `postgres`, `haproxy`, `pgbouncer`, `backup`.",
  ),
});

/** Every host of the stack. */
export const hostsSchema = z
  .array(hostSchema)
  .min(1)
  .max(32)
  .describe("The Docker hosts of the cluster and what each of them runs.");

/** One Docker host of the stack, defaults applied. */
export type HostConfig = z.output<typeof hostSchema>;

function toCounts(value: readonly Part[] | PartCounts): PartCounts {
  const counts: Record<Part, number> = {
    consul: 0,
    postgres: 0,
    haproxy: 0,
    pgbouncer: 0,
    backup: 0,
  };
  for (const part of PARTS) {
    counts[part] = isList(value) ? value.filter((entry) => entry === part).length : value[part];
  }
  return counts;
}

// Array.isArray does not narrow a readonly array.
function isList(value: readonly Part[] | PartCounts): value is readonly Part[] {
  return Array.isArray(value);
}

function isHostAddress(value: string): boolean {
  if (!ipaddr.IPv4.isValidFourPartDecimal(value)) return false;
  const range = ipaddr.IPv4.parse(value).range();
  return !["unspecified", "broadcast", "multicast", "loopback"].includes(range);
}

function validSshPort(url: string): boolean {
  const port = /:(\d+)$/.exec(url)?.[1];
  return port === undefined || (Number(port) >= 1 && Number(port) <= 65535);
}

/** The base64 part of an ssh key starts with its own type, so a cut or foreign key shows. */
function isHostKey(value: string): boolean {
  const match = /^([a-z0-9-]+) ([A-Za-z0-9+/]+={0,2})$/.exec(value);
  const [type, base64] = [match?.[1], match?.[2]];
  if (type === undefined || base64 === undefined || !HOST_KEY_TYPES.includes(type)) return false;
  const blob = Buffer.from(base64, "base64");
  if (blob.toString("base64") !== base64 || blob.length < 4 + type.length) return false;
  if (blob.readUInt32BE(0) !== type.length) return false;
  if (blob.subarray(4, 4 + type.length).toString("latin1") !== type) return false;
  return type === "ssh-ed25519" ? blob.length === 51 : blob.length > 64;
}
