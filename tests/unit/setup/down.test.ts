import { describe, expect, it } from "vitest";
import { unprotectedData } from "../../../setup/down";

const volume = (name: string, protect?: boolean) => ({
  urn: name,
  type: "docker:index/volume:Volume",
  custom: true,
  ...(protect === undefined ? {} : { protect }),
  outputs: { name },
});

describe("unprotectedData", () => {
  it("names what a plain destroy would take along: members, Consul servers, backups", () => {
    const names = [
      "dev-local-postgres-1-data",
      "dev-local-consul-2-data",
      "dev-local-backup-1-data",
    ];
    expect(unprotectedData(names.map((name) => volume(name)))).toEqual(names);
  });

  it("leaves out what is protected, and what holds nothing of worth", () => {
    const others = [
      "dev-local-agent-1-data",
      "dev-local-postgres-1-run",
      "dev-local-postgres-1-config",
    ];
    expect(
      unprotectedData([volume("dev-local-postgres-1-data", true), ...others.map((n) => volume(n))]),
    ).toEqual([]);
  });
});
