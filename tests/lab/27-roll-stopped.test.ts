import { describe, expect, it } from "vitest";
import { tailOf } from "../harness/longRun";
import { Writers } from "../harness/writers";
import { breakImage } from "./stack/checkout";
import { aside, healthy, members, outputs, targets, useCluster } from "./stack/cluster";
import { previewClean, tryUp, up } from "./stack/commands";
import { allContainers } from "./stack/hosts";
import { MOST_STALL_MS } from "./stack/limits";

useCluster();

/** An `up` waits two minutes for a member that does not come back. */
const LONGEST_S = 240;

/** Start of each member's postmaster, or what is there instead. */
async function started(): Promise<Record<string, unknown>> {
  const found = outputs().operations.members.map(async (member) => {
    const time = await members.status(member).then((seen) => seen.postmaster_start_time, String);
    return [member.name, time] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

/** Names of those that differ. */
function changed<T>(before: Record<string, T>, after: Record<string, T>): string[] {
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}

describe("a member that does not come back healthy stops the roll, and a mended config finishes it", () => {
  it.each([
    {
      what: "an image without its program",
      spoil: () => ({ mend: breakImage("postgres"), patch: {}, mended: {} }),
      says: /postgres.*(not found|No such file)/i,
    },
    {
      what: "a parameter with which PostgreSQL does not start",
      spoil: () => ({
        mend: () => undefined,
        patch: { postgres: { parameters: { shared_preload_libraries: "nosuch" } } },
        mended: { postgres: { parameters: { shared_preload_libraries: undefined } } },
      }),
      says: /could not access file "nosuch"/,
    },
  ])(
    "$what",
    async ({ spoil, says }) => {
      const writers = await Writers.start(targets("pooledPrimary"), {
        ...{ clients: 20, everyMs: 100, table: aside() },
      });
      const { mend, patch, mended } = spoil();
      let whole = false;
      try {
        const [ran, began] = [await allContainers(), await started()];
        const failed = await tryUp(patch);
        expect(failed.code, tailOf(failed)).not.toBe(0);
        expect(failed.seconds).toBeLessThan(LONGEST_S);

        const hit = changed(began, await started());
        expect(hit).toHaveLength(1);
        const members = outputs().operations.members.map(({ container }) => container);
        const replaced = changed(ran, await allContainers());
        expect(replaced.filter((name) => members.includes(name) && !hit.includes(name))).toEqual(
          [],
        );
        const said = `${failed.stdout}${failed.stderr}`;
        expect(said).toContain(`last log lines of container ${hit[0] ?? ""}`);
        expect(said).toMatch(says);

        mend();
        await up(mended);
        whole = true;
        await healthy();
        expect((await previewClean()).code).toBe(0);
        const written = await writers.stop();
        console.log("stopped after", failed.seconds, "s; writers", written);
        expect(written).toMatchObject({ failed: 0, unknown: 0, moves: 0 });
        expect(written.stallMs).toBeLessThan(MOST_STALL_MS);
        expect(await writers.verify()).toEqual([]);
      } finally {
        await writers.stop();
        mend();
        if (!whole) await up(mended);
        await healthy();
        await writers.clear();
      }
    },
    900_000,
  );
});
