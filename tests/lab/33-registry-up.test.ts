import { afterAll, beforeAll, expect, it } from "vitest";
import { readLab } from "./harness/record";
import { LabRegistry } from "./harness/registry";
import { renewImage, stackFile } from "./stack/checkout";
import { healthy, useCluster } from "./stack/cluster";
import { previewClean, up } from "./stack/commands";
import { baseConfig, hostNames } from "./stack/config";
import { allContainers } from "./stack/hosts";
import { lab } from "./stack/identity";

useCluster();

let started: LabRegistry | undefined;
beforeAll(async () => {
  started = await LabRegistry.start(lab, readLab(lab.place)?.block ?? "");
}, 180_000);
afterAll(async () => {
  await started?.stop();
  stackFile.write(baseConfig());
  await up();
}, 300_000);

it("a new image of a stack with a registry is pushed there once, and each host pulls it by digest", async () => {
  const registry = started;
  if (registry === undefined) throw new Error("no registry was started");
  const before = await allContainers();
  renewImage("haproxy");
  const login = { env: { DOCKER_CONFIG: registry.login } };
  const { stdout, stderr } = await up({ registry: registry.place }, login);
  await healthy();
  expect(`${stdout}${stderr}`).not.toMatch(/carrying \d+ image/);

  const pushed = registry.asked.filter((line) => /^PUT .*haproxy\/manifests\//.test(line));
  expect(pushed).toHaveLength(1);
  for (const name of hostNames()) {
    const { address } = lab.host(name);
    const pulled = registry.asked.filter(
      (line) => /^GET .*haproxy\/manifests\//.test(line) && line.endsWith(` ${address}`),
    );
    expect(pulled, address).not.toEqual([]);
    for (const line of pulled) expect(line).toMatch(/\/manifests\/sha256:/);
  }
  const now = await allContainers();
  const anew = Object.keys(now).filter((name) => now[name] !== before[name]);
  expect(anew).toHaveLength(hostNames().length);
  for (const name of anew) expect(name).toMatch(/-haproxy-1$/);
  const clean = await previewClean();
  expect(clean.code, clean.stdout).toBe(0);
}, 400_000);
