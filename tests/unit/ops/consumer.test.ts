import { describe, expect, it } from "vitest";
import { clusterFrom } from "../../../examples/consumer/cluster";
import { isTransient } from "../../../examples/consumer/useDatabase";
import { sampleOutputs } from "./outputs";

describe("the consumer example", () => {
  it("takes the outputs of a cluster", () => {
    const { endpoints, credentials } = clusterFrom(sampleOutputs());
    expect(endpoints.pooledPrimary).toEqual([{ host: "127.0.0.1", port: 6432 }]);
    expect(credentials.app).toBe("SECRET-app");
  });

  it("refuses other shapes, naming paths and no secret", () => {
    const wrong = { ...sampleOutputs(), endpoints: { pooledPrimary: [] }, caCertificate: "SECRET" };
    expect(() => clusterFrom(wrong)).toThrow(/caCertificate: .*; endpoints\.pooledPrimary: /);
    expect(() => clusterFrom(wrong)).not.toThrow(/SECRET/);
  });

  it.each([
    [{ code: "ECONNREFUSED" }, true],
    [{ code: "57P01" }, true],
    [{ code: "08006" }, true],
    [{ code: "25006" }, true],
    [new Error("Connection terminated unexpectedly"), true],
    [{ code: "28P01", message: "password authentication failed" }, false],
    [{ code: "08P01", message: "SASL authentication failed" }, false],
    [{ code: "08P01", message: "server login has been failing" }, true],
    [{ code: "42P01" }, false],
    [{ code: "ERR_TLS_CERT_ALTNAME_INVALID", message: "Hostname/IP does not match" }, false],
    [{ code: "SELF_SIGNED_CERT_IN_CHAIN", message: "self-signed certificate" }, false],
  ])("tries %o again: %s", (error, again) => expect(isTransient(error)).toBe(again));
});
