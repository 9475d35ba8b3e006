import { describe, expect, it } from "vitest";
import type { Deployment } from "../../../setup/record/deployment";
import { halfMade } from "../../../setup/recover";

const PROVIDER = "urn:pulumi:dev::p::pulumi:providers:docker::dev-local";
const CONTAINER = "docker:index/container:Container";
const container = (name: string, id?: string) => ({
  urn: `urn:pulumi:dev::p::${CONTAINER}::${name}`,
  type: CONTAINER,
  provider: `${PROVIDER}::some-id`,
  inputs: { name },
  ...(id === undefined ? {} : { id }),
});
const provider = {
  urn: PROVIDER,
  type: "pulumi:providers:docker",
  id: "some-id",
  inputs: { host: "unix:///var/run/docker.sock" },
};

describe("halfMade", () => {
  it("names a container whose creation never ended, and its engine", () => {
    const deployment: Deployment = {
      resources: [provider],
      pending_operations: [{ type: "creating", resource: container("pg-2") }],
    };
    expect(halfMade(deployment)).toEqual([{ host: "unix:///var/run/docker.sock", name: "pg-2" }]);
  });

  it("leaves out one that was made after all, what is no container, and what was not being made", () => {
    const volume = { ...container("pg-2-data"), type: "docker:index/volume:Volume" };
    const deployment: Deployment = {
      resources: [provider, container("pg-2", "aa20")],
      pending_operations: [
        { type: "creating", resource: container("pg-2") },
        { type: "creating", resource: volume },
        { type: "deleting", resource: container("pg-3") },
      ],
    };
    expect(halfMade(deployment)).toEqual([]);
    expect(halfMade({})).toEqual([]);
  });
});
