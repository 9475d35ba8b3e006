import { beforeEach, describe, expect, it, vi } from "vitest";
import { UnreachableError } from "../../../control/errors";
import * as data from "../../../control/memberData";
import type { ClusterIdentityState } from "../../../model/resources";
import { clusterIdentity, type Finding, lostData } from "../../../provider/types/clusterIdentity";
import * as warnings from "../../../provider/warn";

const member = (n: number) => ({
  host: { name: `pg${n}`, docker: `ssh://deploy@10.0.0.${n}` },
  container: `orders-pg${n}-postgres-1`,
  volume: `v${n}`,
  dataDirectory: "/var/lib/postgresql/17/data",
  image: "postgres-ha/postgres:1",
});
const inputs = { cluster: "orders", members: [1, 2, 3].map(member), unreachable: 0 };
const recorded = (systemIdentifier: string) =>
  ({ ...inputs, systemIdentifier }) as unknown as Record<string, unknown>;
const props = inputs as unknown as Record<string, unknown>;

const NONE = { kind: "none", found: "does not exist" } as const;
const PERMIT = { kind: "permit" } as const;
const ours = { kind: "data", identifier: "7" } as const;
const theirs = { kind: "data", identifier: "8" } as const;
const silent = new UnreachableError({
  doing: "look",
  where: "pg1",
  found: "no answer",
  remedy: "",
});

const look = vi.spyOn(data, "lookAtData");
const permit = vi.spyOn(data, "permitBootstrap");
const warn = vi.spyOn(warnings, "warn").mockReturnValue();

/** What the volumes of members 1, 2 and 3 hold. */
function given(...seen: (data.DataSeen | Error)[]): void {
  look.mockImplementation(({ volume }) => {
    const one = seen[Number(volume.slice(1)) - 1];
    if (one === undefined) throw new Error(`nobody asked for ${volume}`);
    return one instanceof Error ? Promise.reject(one) : Promise.resolve(one);
  });
}

beforeEach(() => {
  vi.unstubAllEnvs();
  permit.mockReset().mockResolvedValue();
  look.mockReset();
  warn.mockClear();
});

describe("a new cluster", () => {
  it("may be made in any of the empty volumes", async () => {
    given(NONE, NONE, NONE);
    const { state } = await clusterIdentity.create(props);
    expect(permit.mock.calls.map(([{ volume }]) => volume)).toEqual(["v1", "v2", "v3"]);
    expect(state.systemIdentifier).toBe("");
  });

  it("may be made after an up that was killed in between", async () => {
    given(PERMIT, NONE, PERMIT);
    await clusterIdentity.create(props);
    expect(permit).toHaveBeenCalledTimes(3);
  });

  it("is none where one member has data: the others copy it", async () => {
    given(NONE, ours, NONE);
    const { state } = await clusterIdentity.create(props);
    expect(permit).not.toHaveBeenCalled();
    expect(state.systemIdentifier).toBe("7");
  });

  it("is none where it cannot be told what a volume holds", async () => {
    given(NONE, silent, NONE);
    await expect(clusterIdentity.create(props)).rejects.toThrow("no answer");
    expect(permit).not.toHaveBeenCalled();
  });

  it("is never made by a change of the members", async () => {
    const state = await clusterIdentity.update(recorded("7"), props);
    expect(state).toEqual(recorded("7"));
    expect(permit).not.toHaveBeenCalled();
  });
});

describe("what is read", () => {
  const read = async (state: Record<string, unknown>) =>
    (await clusterIdentity.read(state)) as unknown as ClusterIdentityState;

  it("is one volume, where that one holds the data", async () => {
    given(ours);
    expect(await read(recorded("7"))).toMatchObject({ lost: undefined, systemIdentifier: "7" });
    expect(look).toHaveBeenCalledTimes(1);
  });

  it("gives the identifier once PostgreSQL has run", async () => {
    given(PERMIT, PERMIT, PERMIT);
    expect(await read(recorded(""))).toMatchObject({ lost: undefined, systemIdentifier: "" });
    given(ours, PERMIT, PERMIT);
    expect(await read(recorded(""))).toMatchObject({ lost: undefined, systemIdentifier: "7" });
  });

  it("is refused by the next check, with places and what to do; not once the data is back", async () => {
    given(NONE, theirs, NONE);
    const lost = await read(recorded("7"));
    const refused = clusterIdentity.check?.(lost as never, props) ?? [];
    expect(refused[0]?.reason).toMatch(/volume v1 on host pg1 does not exist, volume v2.*another/);
    expect(refused[0]?.reason).toMatch(/PGHA_TAKE_OVER=orders.*--delete-data/);
    given(NONE, ours);
    const back = await read(lost as never);
    expect(clusterIdentity.check?.(back as never, props)).toEqual([]);
  });

  it("says what is not known, and refuses nothing for it", async () => {
    given(NONE, silent, NONE);
    expect(await read(recorded("7"))).toMatchObject({ lost: undefined, systemIdentifier: "7" });
    expect(warn.mock.calls[0]?.[0]).toMatch(/volume v2 on host pg2.*no answer/);
  });

  it("hides no mistake of the program", async () => {
    given(NONE, new TypeError("broken"), NONE);
    await expect(read(recorded("7"))).rejects.toThrow("broken");
  });

  it("is another cluster's data when a person says so, and never nothing", async () => {
    vi.stubEnv("PGHA_TAKE_OVER", "orders");
    given(theirs);
    expect(await read(recorded("7"))).toMatchObject({ lost: undefined, systemIdentifier: "8" });
    given(NONE, NONE, NONE);
    const lost = await read(recorded("7"));
    expect(lost.systemIdentifier).toBe("7");
    expect(lost.lost).toMatch(/v1.*v2.*v3/);
  });
});

it("leaves nothing behind that would keep a volume from being removed", async () => {
  const clear = vi.spyOn(data, "clearLook").mockResolvedValue();
  await clusterIdentity.delete(recorded("7"));
  expect(clear.mock.calls.map(([{ volume }]) => volume)).toEqual(["v1", "v2", "v3"]);
});

describe("data is lost", () => {
  const at = (seen: data.DataSeen): Finding => ({ ...seen, where: "volume v" });
  const unknown: Finding = { kind: "unknown", found: "no answer", where: "volume v" };

  it.each([
    ["all volumes are gone", "7", [at(NONE), at(NONE)]],
    ["all volumes are gone before the identifier was known", "", [at(NONE), at(NONE)]],
    ["there is other data only", "7", [at(NONE), at(theirs)]],
    ["volumes are new, and the cluster was known", "7", [at(PERMIT), at(PERMIT)]],
  ])("when %s", (_, recorded, seen) => {
    expect(lostData(recorded, seen, 0)).toContain("volume v");
  });

  it.each([
    ["one member has it", "7", [at(NONE), at(theirs), at(ours)]],
    ["one volume is new and nothing is known yet", "", [at(NONE), at(PERMIT)]],
    ["one place cannot be looked at", "7", [at(NONE), unknown]],
  ])("not when %s", (_, recorded, seen) => {
    expect(lostData(recorded, seen, 0)).toBeUndefined();
  });

  it("not while a host is out that may have it", () => {
    expect(lostData("7", [at(NONE)], 1)).toBeUndefined();
  });
});
