import { expect, it } from "vitest";
import { Readers } from "../harness/readers";
import { breaches, moves, silences } from "../harness/samples";
import { Watch } from "../harness/watch";
import { Writers } from "../harness/writers";
import { aside, healthy, members, outputs, targets, useCluster, watched } from "./stack/cluster";
import { up } from "./stack/commands";
import { settle } from "./stack/config";
import { inspect } from "./stack/hosts";
import { LEAST_PER_SECOND, MOST_SILENCES, MOST_STALL_MS } from "./stack/limits";

useCluster();

const MIB = 1024 * 1024;

const sharedMemory = () =>
  Promise.all(
    outputs().operations.members.map(async (member) =>
      Math.round(Number(await inspect(member, "{{.HostConfig.ShmSize}}")) / MIB),
    ),
  );
const timeline = async (): Promise<number> =>
  Math.max(...(await members.view()).members.map((member) => member.timeline ?? 0));

/**
 * 280 small transactions a second are offered through the pools of all hosts, and readers beside them. A
 * client waits for its commit before the next, so that it is less while something stalls.
 */
it("rolls all members under load: no transaction fails, two moves at most, a replica at all times", async () => {
  const [old = 0] = await sharedMemory();
  const next = old === 128 ? 160 : 128;
  const before = await timeline();
  const writers = await Writers.start(targets("pooledPrimary"), {
    ...{ clients: 28, everyMs: 100, table: aside() },
  });
  const readers = new Readers(targets("pooledReplicas"), 6, 100);
  const watch = new Watch(watched());
  try {
    const { seconds } = await up({ resources: { shmSizeMiB: next } });
    expect(await sharedMemory()).toEqual([next, next, next]);
    settle({ resources: { shmSizeMiB: next } });
    await healthy();
    await writers.goesOn(Date.now(), 15);

    const [written, read, seen] = [await writers.stop(), await readers.stop(), await watch.stop()];
    const late = silences(seen);
    console.log("roll:", seconds, "s;", {
      writers: written,
      readers: read,
      moves: moves(seen),
      late,
    });
    expect(written).toMatchObject({ failed: 0, unknown: 0 });
    expect(read).toMatchObject({ failed: 0 });
    expect(written.perSecond).toBeGreaterThan(LEAST_PER_SECOND);
    // Clients of the pools stay connected: no endpoint was replaced.
    expect([written.moves, read.moves]).toEqual([0, 0]);
    expect(Math.max(written.stallMs, read.stallMs)).toBeLessThan(MOST_STALL_MS);
    expect(await writers.verify()).toEqual([]);
    expect(breaches(seen, MOST_STALL_MS)).toEqual([]);
    expect(late.length).toBeLessThanOrEqual(MOST_SILENCES);
    expect(moves(seen)).toBeLessThanOrEqual(2);
    expect((await timeline()) - before).toBeLessThanOrEqual(2);
  } finally {
    await Promise.all([writers.stop(), readers.stop(), watch.stop()]);
    await healthy();
    await writers.clear();
  }
}, 900_000);
