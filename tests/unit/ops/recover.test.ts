import { describe, expect, it } from "vitest";
import { changes, ownedPart, patchFor } from "../../../control/mergePatch";
import { dynamicConfig } from "../../../model/render/dynamicConfig";
import { planTopology } from "../../../model/topology";
import { resumeCommand } from "../../../ops/recover/cluster";
import { startsOf } from "../../../ops/recover/judge";
import { summary } from "../../../ops/verbs/recover";
import { stackConfig } from "../topology/stacks";

const seen = (host: string, container: string, status: string) => ({
  access: { host: { name: host, docker: "unix:///x" }, container },
  status,
});
const started = (result: ReturnType<typeof startsOf>) =>
  result.start.map(({ container }) => container);

describe("recover", () => {
  it("starts what is stopped or was never started, and leaves what runs", () => {
    const result = startsOf([
      seen("pg1", "a", "running"),
      seen("pg1", "b", "exited"),
      seen("pg1", "c", "created"),
      seen("pg1", "d", "restarting"),
      seen("pg1", "e", "missing"),
    ]);
    expect(started(result)).toEqual(["b", "c"]);
    expect(result.left).toEqual(["Container e on host pg1 is missing: `up` makes it."]);
  });

  it("leaves a host alone that is out as a whole, while another one runs", () => {
    const out = [seen("pg2", "b", "exited"), seen("pg2", "c", "missing")];
    const result = startsOf([seen("pg1", "a", "running"), ...out]);
    expect(started(result)).toEqual([]);
    expect(result.left).toEqual([
      "Host pg2 is out, none of its containers runs: ops -- maintenance pg2 off brings it back.",
    ]);
  });

  it("starts everything where nothing runs anywhere", () => {
    expect(started(startsOf([seen("pg1", "a", "exited"), seen("pg2", "b", "exited")]))).toEqual([
      "a",
      "b",
    ]);
  });

  it("quotes a database for the console", () => {
    expect(resumeCommand('a"; SHUTDOWN; --')).toBe('RESUME "a""; SHUTDOWN; --"');
  });

  it("says so when there is nothing to do", () => {
    expect(summary([], [])).toBe("nothing to recover");
    expect(summary(["x"], ["y"])).toBe("1 thing recovered; `up` does the rest.\n  * y");
  });
});

describe("a paused cluster", () => {
  const stack = stackConfig("prod");
  const config = dynamicConfig(stack, planTopology(stack));
  it("is no drift of the dynamic configuration, and no `up` resumes it", () => {
    const live = { ...config, pause: true };
    expect(ownedPart(live, config)).toEqual(config);
    const patch = patchFor(ownedPart(live, config), config);
    expect(patch).not.toHaveProperty("pause");
    expect(changes(live, patch)).toBe(false);
  });
});
