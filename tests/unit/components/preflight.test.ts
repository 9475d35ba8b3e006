import { beforeAll, describe, expect, it, vi } from "vitest";
import { UID } from "../../../model/paths";
import type { HostNeeds, PreflightInputs, VolumeClaimInputs } from "../../../model/resources";
import { rawStack } from "../topology/stacks";
import { lookInto, only, type Run, runProgram } from "./mockEngine";

vi.setConfig({ testTimeout: 60_000 });

let dev: Run;
let prod: Run;

beforeAll(async () => {
  dev = await runProgram(rawStack("dev"));
  prod = await runProgram(rawStack("prod"));
}, 60_000);

const preflightOf = (run: Run): PreflightInputs =>
  only(lookInto(run).ofType(":Preflight")).inputs as unknown as PreflightInputs;
const needsOf = (run: Run): readonly HostNeeds[] => preflightOf(run).hosts;
const published = (run: Run, host: HostNeeds): string[] =>
  lookInto(run)
    .containers()
    .filter(({ name }) => host.containers.includes(name))
    .flatMap(({ inputs }) => inputs.ports as { external: number; protocol: string; ip: string }[])
    .map(({ external, protocol, ip }) => `${ip}:${external}/${protocol}`)
    .sort();

describe("the preflight", () => {
  it("knows every container, and every port under the address on which it is published", () => {
    for (const run of [dev, prod]) {
      const hosts = needsOf(run);
      const all = hosts.flatMap((host) => host.containers);
      const names = lookInto(run)
        .containers()
        .map(({ name }) => name);
      expect([...all].sort()).toEqual(names.sort());
      for (const host of hosts) {
        const planned = host.ports.map((p) => `${host.address}:${p.port}/${p.protocol}`);
        expect(planned.sort()).toEqual(published(run, host));
      }
    }
  });

  it("counts the limits of all containers, the idle backup sidecars but one left out", () => {
    const [host] = needsOf(dev);
    const limits = lookInto(dev)
      .containers()
      .map(({ name, inputs }) => ({ name, memory: inputs.memory as number }));
    const idle = limits.filter(({ name }) => name.includes("-backrest-")).slice(1);
    const sum = (list: { memory: number }[]): number =>
      list.reduce((total, { memory }) => total + memory, 0);
    expect(host?.memoryMiB).toBe(sum(limits) - sum(idle));
    // A laptop of 4 GiB has about 3900 MiB.
    expect(host?.memoryMiB).toBeLessThanOrEqual(3900);
  });

  it("stands before everything on the hosts, and waits for the shape alone", () => {
    for (const run of [dev, prod]) {
      const look = lookInto(run);
      const preflight = only(look.ofType(":Preflight"));
      expect(preflight.dependsOn).toEqual([only(look.ofType(":ClusterShape")).name]);
      const first = [...look.ofType("providers:docker"), ...look.ofType(":Image")];
      for (const { name } of first) expect(look.waitsFor(name)).toContain(preflight.name);
    }
  });

  it("leaves out a host that is left alone", async () => {
    const raw = rawStack("prod");
    const hosts = raw.hosts as Record<string, unknown>[];
    if (hosts[2]) hosts[2].state = "unreachable";
    const run = await runProgram(raw);
    expect(needsOf(run).map(({ access }) => access.name)).toEqual(["pg1", "pg2"]);
    expect(preflightOf(run).tried.map(({ access }) => access.name)).toEqual(["pg1", "pg2"]);
  });
});

describe("the try of the ports", () => {
  it("is for several hosts", () => {
    expect(preflightOf(dev)).toMatchObject({ tried: [], probes: {} });
  });

  it("has the same small image on each, and an address that no container has", () => {
    const { tried, probes } = preflightOf(prod);
    expect(tried.map(({ access }) => access.name)).toEqual(["pg1", "pg2", "pg3"]);
    for (const { access } of tried)
      expect(probes[access.name]).toMatchObject({ host: access, context: "docker/probe" });
    expect(new Set(Object.values(probes).map(({ tag }) => tag)).size).toBe(1);
    const own = lookInto(prod)
      .containers()
      .map(({ inputs }) => (inputs.networksAdvanced as { ipv4Address: string }[])[0]?.ipv4Address);
    for (const { ip } of tried) expect(own).not.toContain(ip);
  });
});

describe("a data volume on a chosen disk", () => {
  const claims = (run: Run) =>
    lookInto(run)
      .ofType(":VolumeClaim")
      .map(({ name, inputs }) => ({ name, ...(inputs as unknown as VolumeClaimInputs) }));

  it("is claimed for the user of its container, through an image that is there by then", () => {
    for (const { name, directory } of claims(prod)) {
      expect(directory?.path).toBe("/srv/postgres-ha");
      const consul = /-(consul|agent)-/.test(name);
      expect(directory?.uid).toBe(consul ? UID.consul : UID.postgres);
      const before = [...lookInto(prod).waitsFor(name)];
      expect(before.some((one) => one.endsWith(`-image-${consul ? "consul" : "postgres"}`))).toBe(
        true,
      );
    }
  });

  it("is a directory of the volume's name", () => {
    for (const { volume } of claims(prod)) {
      const { inputs } = lookInto(prod).named(":Volume", volume);
      expect(inputs.driverOpts).toMatchObject({ o: "bind", device: `/srv/postgres-ha/${volume}` });
    }
  });

  it("is none where the host has no dataPath", () => {
    for (const { directory } of claims(dev)) expect(directory).toBeUndefined();
  });
});
