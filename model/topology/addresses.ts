import { createHash } from "node:crypto";
import ipaddr from "ipaddr.js";

/**
 * First addresses of each part in the bridge subnet, and how many it may have there: fixed places,
 * so that adding one part never moves another. They end below 64: a /26 is enough.
 */
export const SLOTS = {
  consul: { first: 2, count: 7 },
  agent: { first: 9, count: 1 },
  haproxy: { first: 10, count: 4 },
  pgbouncer: { first: 14, count: 4 },
  pgbouncerReplicas: { first: 18, count: 4 },
  backup: { first: 22, count: 1 },
  postgres: { first: 23, count: 18 },
  backrest: { first: 41, count: 18 },
  preflight: { first: 59, count: 1 },
} as const;

/** A part that has places in the subnet. */
export type Slot = keyof typeof SLOTS;

/**
 * Default subnet of a cluster: one of the 512 /26 in 198.18.128.0/17. RFC 2544 sets 198.18.0.0/15
 * aside for benchmarks, so no office or VPN routes it, as they do route 10/8 and 172.16/12.
 */
export function defaultSubnet(cluster: string): string {
  const hash = createHash("sha256").update(cluster).digest().readUInt16BE(0) % 512;
  return `198.18.${128 + (hash >> 2)}.${(hash & 3) * 64}/26`;
}

/** Gateway of a subnet: its first address, as Docker itself would choose. */
export function gatewayOf(subnet: string): string {
  return addressAt(subnet, 1);
}

/** Address of the `index`th (from 0) instance of a part. */
export function addressOf(subnet: string, slot: Slot, index: number): string {
  const { first, count } = SLOTS[slot];
  if (index >= count) {
    throw new Error(
      `topology: ${slot} number ${index + 1} on one host: at most ${count} have a place in ${subnet}; ` +
        `put it on another host`,
    );
  }
  return addressAt(subnet, first + index);
}

function addressAt(subnet: string, offset: number): string {
  const network = ipaddr.IPv4.networkAddressFromCIDR(subnet);
  const [a = 0, b = 0, c = 0, d = 0] = network.octets;
  const value = ((a << 24) | (b << 16) | (c << 8) | d) + offset;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}
