import { describe, expect, it } from "vitest";
import { type Figure, hostsTable, missedByHosts } from "../../../bench/hostsFigures";
import { hostsConfig } from "../../../bench/hostsPlace";
import { parseConfig } from "../../../model/config";
import { planTopology } from "../../../model/topology";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICNLEe/nMiRRZmEvtBcQGbZEe5wPj0WIaoG7U6ZHDgsS";

const figure = (three: number[], five: number[], target?: number): Figure => ({
  ...{ name: "up from nothing", unit: "s", target },
  byHosts: new Map([
    [3, three],
    [5, five],
  ]),
});

describe("figures by the number of hosts", () => {
  it("are shown with how they grow", () => {
    const logins: Figure = { ...figure([12], [20]), name: "logins", unit: "" };
    expect(hostsTable([figure([90, 100, 120], [150], 150), logins])).toBe(
      [
        "                 3 hosts min / median / max  5 hosts min / median / max  5 by 3  target",
        "up from nothing  90.0 / 100.0 / 120.0 s      150.0 / 150.0 / 150.0 s     1.50    150.0 s",
        "logins           12 / 12 / 12                20 / 20 / 20                1.67    -",
      ].join("\n"),
    );
  });

  it("miss a target for three hosts, and growth that is more than linear", () => {
    expect(missedByHosts([figure([100], [166], 100)])).toEqual([]);
    expect(missedByHosts([figure([151], [500], 150)])).toEqual([
      "up from nothing, 3 hosts: median 151.0 s, target 150.0 s",
      "up from nothing: 3.31 x from 3 to 5 hosts, linear is 1.67",
    ]);
  });
});

it.each([3, 5])("the config for %i hosts is a valid one, with all parts on each", (count) => {
  const hosts = Array.from({ length: count }, (_, index) => ({
    name: `pg${index + 1}`,
    address: `10.0.0.${index + 1}`,
    docker: `ssh://deploy@10.0.0.${index + 1}`,
    hostKey: KEY,
  }));
  const raw = hostsConfig(hosts);
  const keys = Object.entries(raw).map(([key, value]) => [key.replace("postgres-ha:", ""), value]);
  const { config } = parseConfig(Object.fromEntries(keys) as Record<string, unknown>, {});
  const topology = planTopology(config);
  expect([topology.members.length, topology.consulServers.length]).toEqual([count, count]);
  expect(topology.repository?.host).toBe(`pg${count}`);
  expect(config.protect).toBe(false);
});
