import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../../setup/paths";

const hash = createHash("sha256").update(root).digest();

/**
 * Name of the test cluster: derived from the path of the checkout, so that two checkouts may test
 * at once on one machine, and a run knows what an earlier one of the same checkout left. The
 * Pulumi stack has the same name.
 */
export const cluster = `t${hash.toString("hex").slice(0, 6)}`;

/** The one host of the stack. */
export const hostName = "local";

/** Everything that a run writes outside of Docker. */
export const workFolder = join(tmpdir(), `postgres-ha-cluster-tests-${cluster}`);

/** A path in the work folder. */
export const work = (...parts: string[]): string => join(workFolder, ...parts);

/** Width of the block of ports that a cluster takes. */
export const PORT_BLOCK = 100;
/** Blocks lie in 15000 to 30999, below what kernels hand out as ephemeral ports. */
export const PORT_BLOCKS = 160;

/** First port of the `attempt`th block to try. */
export function portBlock(attempt: number): number {
  return 15_000 + ((hash.readUInt16BE(4) + attempt) % PORT_BLOCKS) * PORT_BLOCK;
}

/**
 * The `attempt`th subnet to try: a /26 of 198.18.0.0/17, of which no cluster takes one by itself
 * (their default is in the upper half).
 */
export function subnet(attempt: number): string {
  const place = (hash.readUInt16BE(6) + attempt) % 512;
  return `198.18.${place >> 2}.${(place & 3) * 64}/26`;
}

/** Base ports of a block, as the stack config has them. */
export function portsOf(base: number): Record<string, number> {
  return {
    postgres: base,
    patroni: base + 10,
    haproxyPrimary: base + 20,
    haproxyReplicas: base + 21,
    haproxyStats: base + 22,
    pgbouncerPrimary: base + 30,
    pgbouncerReplicas: base + 31,
    consulRpc: base + 40,
    consulGossip: base + 41,
    consulHttps: base + 42,
    agentGossip: base + 70,
    agentHttps: base + 71,
    backrest: base + 80,
  };
}

/** Whether a name of a container, volume or network is one of this test cluster. */
export function isOwn(name: string): boolean {
  return name === cluster || name.startsWith(`${cluster}-`);
}
