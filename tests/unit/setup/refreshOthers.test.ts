import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { runPulumi } from "../../../setup/pulumi";
import { nameOf } from "../../../setup/record/deployment";
import type { Raw } from "../config/good";
import { atWork, calls, folder, namesIn, said, stackFile, state, useFakeCli } from "./fakeCli";
import { recorded } from "./record/deployment";

useFakeCli();

/** pg2 is out for now. */
const away = (): string[] =>
  stackFile((hosts) => Object.assign(hosts[1] as Raw, { state: "unreachable" }));
const verbs = (): (string | undefined)[] => calls().map(({ args }) => args[0]);
const exists = (backend = ""): boolean => existsSync(backend.slice("file://".length));

describe("a host that is out for now", () => {
  it("is not asked: the others are, before `up`, and the record is not edited", async () => {
    state(recorded());
    expect(await runPulumi(["up", ...away()])).toBe(0);
    expect(verbs()).toEqual(["refresh", "up"]);
    const [refresh, up] = calls();
    expect(refresh?.args).toEqual(expect.arrayContaining(["--yes", "--skip-preview"]));
    const targets = (refresh?.args ?? []).filter((_, i, all) => all[i - 1] === "--target");
    expect(targets.map((urn) => nameOf({ urn }))).toContain("orders-pg1-network");
    expect(targets.join()).not.toContain("::orders-pg2");
    expect(refresh?.away).toBe("pg2");
    expect(up?.args).toContain("--refresh=false");
    expect(up?.away).toBe("pg2");
    expect(refresh?.backend).toBe(up?.backend);
    expect(said()).toContain("on the others only");
  });

  it("is not asked by a preview, which writes to a copy alone", async () => {
    state(recorded());
    expect(await runPulumi(["preview", ...away()])).toBe(0);
    expect(verbs()).toEqual(["refresh", "preview"]);
    const [refresh, preview] = calls();
    expect(refresh?.record?.checkpoint?.latest).toEqual(recorded());
    expect(preview?.args).toContain("--refresh=false");
    expect(preview?.backend).toBe(refresh?.backend);
    expect(preview?.backend).not.toContain(join(folder, "state"));
    expect(exists(preview?.backend)).toBe(false);
  });

  it("is left out beside one that is gone for good", async () => {
    state(recorded());
    const both = stackFile((hosts) => {
      Object.assign(hosts[1] as Raw, { state: "retired" });
      const runs = { consul: 1, postgres: 1, haproxy: 1, pgbouncer: 1, backup: 1 };
      Object.assign(hosts[0] as Raw, { runs: { ...runs, consul: 2 } });
      Object.assign(hosts[2] as Raw, { state: "unreachable", runs: { ...runs, backup: 0 } });
    });
    expect(await runPulumi(["preview", ...both]), said()).toBe(0);
    expect(verbs()).toEqual(["refresh", "preview"]);
    const [refresh, preview] = calls();
    expect(namesIn(refresh?.record?.checkpoint?.latest)).not.toContain("orders-stanza");
    expect(refresh?.args.join()).not.toContain("orders-stanza");
    expect(refresh?.away).toBe("pg3");
    expect(preview?.backend).toBe(refresh?.backend);
    expect(exists(preview?.backend)).toBe(false);
  });

  it.each(["up", "preview"])(
    "has %s end where drift cannot be looked for, and nothing is left behind",
    async (verb) => {
      state(recorded());
      vi.stubEnv("FAILS", "refresh");
      await expect(runPulumi([verb, ...away()])).rejects.toThrow(
        /without pg2 ended with 255;[^]*Hosts that do not answer:\n.*pg1/,
      );
      expect(verbs()).toEqual(["refresh"]);
      expect(exists(calls()[0]?.backend)).toBe(verb === "up");
    },
  );

  it.each([
    [["--refresh=false"], "--refresh=false"],
    [["--refresh=0"], "--refresh=false"],
    [["--target", "urn:x"], "a part of the stack"],
  ])("has no host asked by `up %s`, and that is said", async (flags, why) => {
    state(recorded());
    expect(await runPulumi(["up", ...flags, ...away()])).toBe(0);
    expect(verbs()).toEqual(["up"]);
    expect(said()).toContain(why);
  });

  it("has no host asked while another command is at work, nor where nothing is recorded", async () => {
    expect(await runPulumi(["up", ...away()])).toBe(0);
    state(recorded());
    atWork();
    expect(await runPulumi(["up", ...away()])).toBe(0);
    expect(verbs()).toEqual(["up", "up"]);
    for (const { args } of calls()) expect(args).toContain("--refresh=false");
    expect(said()).toContain("another command is at work");
  });
});
