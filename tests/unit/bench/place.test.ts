import { describe, expect, it } from "vitest";
import { benchConfig, CLUSTER } from "../../../bench/place";
import { parseConfig } from "../../../model/config";
import { planTopology } from "../../../model/topology";
import { stackConfig } from "../topology/stacks";

const raw = benchConfig({ name: "local", docker: "unix:///run/other.sock" });
const { config } = parseConfig(
  Object.fromEntries(
    Object.entries(raw).map(([key, value]) => [key.replace("postgres-ha:", ""), value]),
  ),
  {},
);

describe("the bench's config", () => {
  it("is a valid one, of the dev stack's shape, on the engine that was found", () => {
    const [own, dev] = [planTopology(config), planTopology(stackConfig("dev"))];
    expect(own.members.length).toBe(dev.members.length);
    expect(own.consulServers.length).toBe(dev.consulServers.length);
    expect(own.hosts.map(({ access }) => access.docker)).toEqual(["unix:///run/other.sock"]);
    expect(own.cluster).toBe(CLUSTER);
  });

  it("shares no port and no subnet with the dev stack, and protects nothing", () => {
    const dev = stackConfig("dev");
    const taken = new Set(Object.values(dev.ports));
    expect(Object.values(config.ports).filter((port) => taken.has(port))).toEqual([]);
    expect(Object.keys(raw["postgres-ha:ports"] as object).sort()).toEqual(
      Object.keys(dev.ports).sort(),
    );
    expect(planTopology(config).hosts[0]?.network.subnet).not.toBe(
      planTopology(dev).hosts[0]?.network.subnet,
    );
    expect(config.protect).toBe(false);
  });
});
