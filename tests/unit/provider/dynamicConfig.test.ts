import { describe, expect, it } from "vitest";
import type { DynamicConfigInputs } from "../../../model/resources";
import type { Props } from "../../../provider/secrets";
import { dynamicConfig } from "../../../provider/types/dynamicConfig";

const member = (name: string) => ({
  name,
  container: name,
  host: { name, docker: `ssh://deploy@${name}` },
  address: "10.0.0.1",
  port: 5432,
  apiPort: 8008,
});
const inputs = (
  parameters: Props,
  names: string[],
  out: number,
): DynamicConfigInputs & { config: Props } => ({
  members: names.map(member),
  unreachable: out,
  haproxies: [],
  poolers: [],
  config: { ttl: 20, postgresql: { parameters } },
});
const now = inputs({ max_connections: 100, work_mem: "4MB" }, ["m1", "m2", "m3"], 0);
const refused = (olds: object, news: object) =>
  (dynamicConfig.check?.(olds as Props, news as Props) ?? []).map(({ reason }) => reason);

describe("a parameter that wants a restart, while a host is out", () => {
  const more = { max_connections: 200, work_mem: "4MB" };

  it("is refused in the preview where a leader without a standby would be left", () => {
    const [reason, ...others] = refused(now, inputs(more, ["m1", "m2"], 1));
    expect(reason).toMatch(/^refused: max_connections would have every member restart with 1 on/);
    expect(others).toEqual([]);
  });

  it("is changed where enough members are there, or none is out", () => {
    expect(refused(now, inputs(more, ["m1", "m2", "m3", "m4"], 1))).toEqual([]);
    expect(refused(now, inputs(more, ["m1", "m2"], 0))).toEqual([]);
  });

  it("is none of those that are reloaded, and nothing to compare with in a first `up`", () => {
    const reloaded = inputs({ max_connections: 100, work_mem: "8MB" }, ["m1", "m2"], 1);
    expect(refused(now, reloaded)).toEqual([]);
    expect(refused({}, inputs(more, ["m1", "m2"], 1))).toEqual([]);
  });
});
