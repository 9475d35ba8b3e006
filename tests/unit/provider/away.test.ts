import { afterEach, describe, expect, it, vi } from "vitest";
import { readNear } from "../../../provider/away";
import type { Props } from "../../../provider/secrets";

const part = (name: string) => ({
  container: `orders-${name}-postgres-1`,
  host: { name, docker: `ssh://deploy@${name}` },
});
const state = {
  members: [part("pg1"), part("pg2"), part("pg3")],
  consul: [part("pg1")],
  unreachable: 0,
  config: { a: 1 },
};
/** Reads as a type does: what it was given, with something live. */
const read = vi.fn((given: Props): Promise<Props | undefined> =>
  Promise.resolve({ ...given, config: { a: 2 } }),
);
const near = (all: Props = state) => readNear({ read, access: ["consul"] }, all);

afterEach(() => {
  vi.unstubAllEnvs();
  read.mockClear();
});

describe("readNear", () => {
  it("asks by no way to a host that is out, and leaves these ways recorded", async () => {
    vi.stubEnv("PGHA_AWAY", "pg2,pg3");
    expect(await near()).toEqual({ ...state, config: { a: 2 } });
    // The type is told how many are not among them: without that it might take their data for lost.
    expect(read).toHaveBeenCalledWith({ ...state, members: [part("pg1")], unreachable: 2 });
  });

  it("counts no host twice that was out at the last `up` already", async () => {
    vi.stubEnv("PGHA_AWAY", "pg3");
    const before = { ...state, members: [part("pg1"), part("pg2")], unreachable: 1 };
    expect(await near(before)).toEqual({ ...before, config: { a: 2 } });
    expect(read).toHaveBeenCalledWith(before);
  });

  it("reads nothing where nobody is left to ask: that is not to say that it is gone", async () => {
    vi.stubEnv("PGHA_AWAY", "pg1");
    expect(await near()).toBe(state);
    expect(read).not.toHaveBeenCalled();
  });

  it("leaves what is recorded of a host that is out where the rest is another now", async () => {
    vi.stubEnv("PGHA_AWAY", "pg2");
    read.mockImplementationOnce((given) => Promise.resolve({ ...given, members: [part("pg3")] }));
    expect((await near())?.members).toEqual([part("pg3"), part("pg2")]);
  });

  it("says that something is gone which the others know to be gone", async () => {
    vi.stubEnv("PGHA_AWAY", "pg2");
    read.mockResolvedValueOnce(undefined);
    expect(await near()).toBeUndefined();
  });

  it("asks all where none is out", async () => {
    expect(await near()).toEqual({ ...state, config: { a: 2 } });
    expect(read).toHaveBeenCalledWith(state);
  });
});
