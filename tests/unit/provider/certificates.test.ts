import { X509Certificate, createPrivateKey } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { issueAuthority, issueCertificate, type Issued } from "../../../provider/certificates";
import { isDue } from "../../../provider/types/certificate";

const DAY_MS = 86_400_000;
let authority: Issued;
let leaf: Issued;

function leafOf(more: { validityDays?: number } = {}): Promise<Issued> {
  return issueCertificate({
    caCertificate: authority.certificate,
    caPrivateKey: authority.privateKey,
    commonName: "pg1",
    dnsNames: ["pg1", "server.dc1.consul"],
    ipAddresses: ["10.0.0.1", "fd00::1"],
    usages: ["server", "client"],
    validityDays: 90,
    renewBeforeDays: 30,
    ...more,
  });
}

beforeAll(async () => {
  authority = await issueAuthority({ commonName: "test CA", validityDays: 100 });
  leaf = await leafOf();
});

describe("issueAuthority", () => {
  it("makes an authority that signed itself", () => {
    const certificate = new X509Certificate(authority.certificate);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(authority.privateKey))).toBe(true);
  });
});

describe("issueCertificate", () => {
  it("is signed by the authority, for the names and uses asked for", () => {
    const certificate = new X509Certificate(leaf.certificate);
    expect(certificate.checkIssued(new X509Certificate(authority.certificate))).toBe(true);
    expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.subjectAltName).toBe(
      "DNS:pg1, DNS:server.dc1.consul, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1",
    );
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    expect(certificate.checkPrivateKey(createPrivateKey(leaf.privateKey))).toBe(true);
  });

  it("is valid from five minutes ago for the days asked for", () => {
    const certificate = new X509Certificate(leaf.certificate);
    const from = Date.parse(certificate.validFrom) - Date.now();
    const to = Date.parse(certificate.validTo) - Date.now();
    expect(Math.abs(from + 5 * 60_000)).toBeLessThan(60_000);
    expect(Math.abs(to - 90 * DAY_MS)).toBeLessThan(60_000);
    expect(Date.parse(leaf.notAfter)).toBe(Date.parse(certificate.validTo));
  });

  it("never outlives the authority", async () => {
    const long = await leafOf({ validityDays: 1000 });
    expect(Date.parse(long.notAfter)).toBe(
      Date.parse(new X509Certificate(authority.certificate).validTo),
    );
  });

  it("has a serial of its own each time", async () => {
    expect((await leafOf()).serial).not.toBe(leaf.serial);
    expect(new X509Certificate(leaf.certificate).serialNumber.toLowerCase()).toBe(leaf.serial);
  });
});

describe("isDue", () => {
  const state = { notAfter: "2030-01-31T00:00:00Z", renewBeforeDays: 30 };
  it.each([
    ["2029-12-31T00:00:00Z", false],
    ["2030-01-01T00:00:00Z", false],
    ["2030-01-01T00:00:01Z", true],
    ["2030-03-01T00:00:00Z", true],
  ])("at %s: %s", (now, due) => {
    expect(isDue(state, new Date(now))).toBe(due);
  });

  it("is due when the end cannot be read", () => {
    expect(isDue({ notAfter: "", renewBeforeDays: 30 }, new Date())).toBe(true);
  });
});
