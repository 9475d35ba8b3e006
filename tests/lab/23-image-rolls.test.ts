import { describe, expect, it } from "vitest";
import { Readers } from "../harness/readers";
import { breaches, moves, silences } from "../harness/samples";
import { Watch } from "../harness/watch";
import { Writers } from "../harness/writers";
import { renewImage } from "./stack/checkout";
import { aside, healthy, targets, useCluster, watched } from "./stack/cluster";
import { up } from "./stack/commands";
import { allContainers } from "./stack/hosts";
import { cluster } from "./stack/identity";
import { LEAST_PER_SECOND, MOST_SILENCES, MOST_STALL_MS } from "./stack/limits";

useCluster();

/** Containers that run from an image. */
const FROM = {
  postgres: /-(postgres|backrest|backup)-1$/,
  consul: /-(consul|agent)-1$/,
  haproxy: /-haproxy-1$/,
  pgbouncer: /-pgbouncer(-replicas)?-1$/,
} as const;
type Name = keyof typeof FROM;

/** Clients connect by the list of endpoints of all hosts: one whose pool is replaced takes another. */
describe("a newer image under load fails no transaction", () => {
  it.each(Object.keys(FROM) as Name[])(
    "of %s",
    async (name) => {
      const before = await allContainers();
      const writers = await Writers.start(targets("pooledPrimary"), {
        ...{ clients: 28, everyMs: 100, table: aside() },
      });
      const readers = new Readers(targets("pooledReplicas"), 6, 100);
      const watch = new Watch(watched());
      try {
        renewImage(name);
        const { seconds } = await up();
        await healthy();
        await writers.goesOn(Date.now(), 15);

        const after = await allContainers();
        expect(Object.keys(after)).toEqual(Object.keys(before));
        const replaced = Object.keys(after).filter((one) => after[one] !== before[one]);
        expect(replaced).toEqual(Object.keys(after).filter((one) => FROM[name].test(one)));
        expect(replaced.length).toBeGreaterThanOrEqual(3);

        const [written, read, seen] = [
          await writers.stop(),
          await readers.stop(),
          await watch.stop(),
        ];
        const late = silences(seen);
        const figures = { writers: written, readers: read, moves: moves(seen), late };
        console.log(`new image of ${name}:`, seconds, "s;", figures);
        expect(written).toMatchObject({ failed: 0, unknown: 0 });
        expect(written.perSecond).toBeGreaterThan(LEAST_PER_SECOND);
        // Only clients of a pool that is replaced itself connect anew.
        if (name !== "pgbouncer") expect([written.moves, read.moves]).toEqual([0, 0]);
        expect(read).toMatchObject({ failed: 0 });
        expect(Math.max(written.stallMs, read.stallMs)).toBeLessThan(MOST_STALL_MS);
        expect(await writers.verify()).toEqual([]);
        expect(breaches(seen, MOST_STALL_MS)).toEqual([]);
        expect(late.length).toBeLessThanOrEqual(MOST_SILENCES);
        expect(moves(seen)).toBeLessThanOrEqual(name === "postgres" ? 2 : 0);
      } finally {
        await Promise.all([writers.stop(), readers.stop(), watch.stop()]);
        await healthy();
        await writers.clear();
      }
    },
    900_000,
  );

  it("names only containers of this cluster", async () => {
    for (const name of Object.keys(await allContainers()))
      expect(name.startsWith(cluster)).toBe(true);
  });
});
