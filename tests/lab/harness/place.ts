/** What the lab of a checkout is called, and where it keeps its files. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { root, state } from "../../../setup/paths";

/** Most hosts of a lab: their addresses end in 11 and up. */
export const MOST_HOSTS = 30;
const BLOCKS = 126;

/** Names of everything that a lab makes on the machine; the same each time for the same checkout. */
export interface Place {
  /** Hash of the checkout, the state directory and the label: six hexadecimal digits. */
  readonly hash: string;
  /** What the names of all network devices and namespaces begin with; the bridge is called so. */
  readonly prefix: string;
  /** Folder of the lab's files, private to root. */
  readonly folder: string;
  /** Cgroup below which the containers of all hosts are. */
  readonly cgroup: string;
  /** Comment of the lab's rules in the machine's packet filter. */
  readonly comment: string;
}

/** One host of a lab. */
export interface HostPlace {
  /** `pg1`, `pg2` ... as in the stack config. */
  readonly name: string;
  readonly address: string;
  /** Network namespace. */
  readonly netns: string;
  /** Its network device on the machine's side; inside it is `eth0`. */
  readonly veth: string;
  /** Folder with its disk and its log. */
  readonly folder: string;
  /** What outlives a power cut. */
  readonly disk: string;
  /** What its first process, sshd and dockerd print. */
  readonly log: string;
  readonly cgroup: string;
}

/**
 * The place of a lab. Two checkouts have two; a label makes another one in the same checkout, as
 * PGHA_LAB does for commands.
 */
export function placeOf(
  checkout: string = root,
  label: string = process.env.PGHA_LAB ?? "",
): Place {
  const hash = createHash("sha256")
    .update([checkout, state(), label].join("\n"))
    .digest("hex")
    .slice(0, 6);
  return {
    hash,
    prefix: `pgl${hash}`,
    folder: state("lab", hash),
    cgroup: `/pgha-lab-${hash}`,
    comment: `postgres-ha-lab-${hash}`,
  };
}

/** The `attempt`th block to try, as `198.18.7`: a /24 below what clusters take for themselves. */
export function blockOf(place: Place, attempt: number): string {
  return `198.18.${1 + ((parseInt(place.hash, 16) + attempt) % BLOCKS)}`;
}

/** How many blocks there are to try. */
export const blockCount = BLOCKS;

/** The machine's own address on the lab's bridge. */
export function gateway(block: string): string {
  return `${block}.1`;
}

/** The `number`th host of a lab, from 1. */
export function hostOf(place: Place, block: string, number: number): HostPlace {
  const name = `pg${number}`;
  const folder = join(place.folder, "hosts", name);
  return {
    name,
    address: `${block}.${10 + number}`,
    netns: `${place.prefix}-${name}`,
    veth: `${place.prefix}v${number}`,
    folder,
    disk: join(folder, "disk"),
    log: join(folder, "log"),
    cgroup: `${place.cgroup}/${name}`,
  };
}
