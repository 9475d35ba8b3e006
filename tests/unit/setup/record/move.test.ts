import { describe, expect, it } from "vitest";
import type { HostAccess } from "../../../../model/access";
import { dockerProviderAccess } from "../../../../model/dockerProvider";
import { accessesIn } from "../../../../model/accessesIn";
import { type Deployment, nameOf } from "../../../../setup/record/deployment";
import { movedHosts, moveHosts } from "../../../../setup/record/move";
import { movedText } from "../../../../setup/record/text";
import { accessOf, CLUSTER, faults, recorded } from "./deployment";

const all = [accessOf("pg1"), accessOf("pg2")];
const newKey = accessOf("pg2", "ssh-ed25519 another-key");
const newPlace: HostAccess = { ...newKey, docker: "ssh://deploy@10.0.1.99" };
const moves = (...hosts: HostAccess[]) => movedHosts(recorded(), CLUSTER, hosts);
const after = (now: HostAccess): Deployment => moveHosts(recorded(), CLUSTER, moves(now));
const provider = ({ resources = [] }: Deployment, name: string) =>
  resources.find((one) => one.type === "pulumi:providers:docker" && nameOf(one) === name);

describe("movedHosts", () => {
  it("finds none where the record has the keys and engines of the stack file", () => {
    expect(moves(...all)).toEqual([]);
  });

  it("does not count a host that was never recorded", () => {
    expect(moves(...all, accessOf("pg3"))).toEqual([]);
  });

  it.each([
    ["another key", newKey],
    ["another engine", newPlace],
    ["an engine of this machine", { name: "pg2", docker: "unix:///var/run/docker.sock" }],
  ])("finds %s", (_, now) => {
    expect(moves(accessOf("pg1"), now)).toEqual([{ was: accessOf("pg2"), now }]);
  });

  it("finds it by the Docker provider too: after a `down` that may be all that is left", () => {
    const kept = (recorded().resources ?? []).filter(({ type }) => !type.startsWith("pgha:index:"));
    const found = movedHosts({ resources: kept }, CLUSTER, [accessOf("pg1"), newKey]);
    expect(found).toEqual([{ was: { name: "pg2", docker: newKey.docker }, now: newKey }]);
    expect(movedHosts({ resources: kept }, CLUSTER, all)).toEqual([]);
  });
});

describe("moveHosts", () => {
  it("puts the new way in every place of the old, in inputs and outputs", () => {
    const old = JSON.stringify(accessOf("pg2"));
    const left = (after(newPlace).resources ?? []).filter(
      (one) => JSON.stringify([one.inputs, one.outputs]).includes(old), // any depth, any list
    );
    expect(left.map(nameOf)).toEqual(["orders-preflight"]);
    const drain = after(newPlace).resources?.find(
      (one) => nameOf(one) === "orders-pg1-postgres-1-drain",
    );
    const ways = [...accessesIn(drain?.inputs), ...accessesIn(drain?.outputs)];
    expect(ways.filter(({ name }) => name === "pg2")).toEqual([newPlace, newPlace]);
    expect(ways.filter(({ name }) => name === "pg1")).toHaveLength(4);
  });

  it("lets what looks at hosts see that one changed", () => {
    const preflight = after(newKey).resources?.find(({ type }) => type.endsWith(":Preflight"));
    expect(accessesIn(preflight?.inputs)).toEqual(all);
  });

  it("gives the Docker provider what the program would give it", () => {
    const now = provider(after(newPlace), "orders-pg2");
    const { host, sshOpts } = dockerProviderAccess(newPlace);
    const config = { host, sshOpts: JSON.stringify(sshOpts), version: "5.2.0" };
    expect([now?.inputs, now?.outputs]).toEqual([config, config]);
    expect(provider(after(newPlace), "orders-pg1")).toEqual(provider(recorded(), "orders-pg1"));
  });

  it("gives it no ssh options where the engine is this machine's", () => {
    const now = provider(
      after({ name: "pg2", docker: "unix:///var/run/docker.sock" }),
      "orders-pg2",
    );
    expect(now?.inputs).toEqual({ host: "unix:///var/run/docker.sock", version: "5.2.0" });
  });

  it("has the data volumes of that host claimed again, and takes nothing else out", () => {
    const names = (deployment: Deployment) => (deployment.resources ?? []).map(nameOf);
    const left = names(after(newKey));
    expect(names(recorded()).filter((name) => !left.includes(name))).toEqual([
      "orders-pg2-postgres-1-data-claim",
    ]);
    expect(faults(after(newKey))).toEqual([]);
  });

  it("is done once", () => {
    expect(movedHosts(after(newPlace), CLUSTER, [accessOf("pg1"), newPlace])).toEqual([]);
    const before = recorded();
    expect(moveHosts(before, CLUSTER, [])).toBe(before);
  });
});

it("says which host it is, and what is another one", () => {
  const was = accessOf("pg2");
  expect(movedText({ was, now: newKey })).toMatch(/^Host pg2 has another ssh host key/);
  expect(movedText({ was, now: newPlace })).toMatch(
    /^Host pg2 is reached by ssh:\/\/deploy@10.0.1.99 instead of ssh:\/\/deploy@10.0.1.12/,
  );
});
