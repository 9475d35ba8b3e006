/** X.509 certificates, ECDSA P-256. */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { CertificateAuthorityInputs, CertificateInputs } from "../model/resources";

const DAY_MS = 86_400_000;
/** Clocks of hosts differ: valid from a little before now. */
const BACKDATE_MS = 5 * 60_000;
const KEY = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;
const EKU = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth };

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

/** A certificate and its key, in PEM. */
export interface Issued {
  /** Hexadecimal. */
  readonly serial: string;
  readonly certificate: string;
  /** PKCS#8. */
  readonly privateKey: string;
  /** ISO 8601. */
  readonly notAfter: string;
}

/** Makes a certificate authority that may sign leaves only. */
export async function issueAuthority(inputs: CertificateAuthorityInputs): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
  const { serial, notBefore, notAfter } = lifetime(inputs.validityDays);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    name: [{ CN: [inputs.commonName] }],
    notBefore,
    notAfter,
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return issued(made, serial, notAfter, keys.privateKey);
}

/** Issues a leaf certificate with a new key. It never outlives the authority. */
export async function issueCertificate(inputs: CertificateInputs): Promise<Issued> {
  const authority = new x509.X509Certificate(inputs.caCertificate);
  const signingKey = await importKey(inputs.caPrivateKey);
  const keys = await webcrypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
  const { serial, notBefore, notAfter: wished } = lifetime(inputs.validityDays);
  const notAfter = wished > authority.notAfter ? authority.notAfter : wished;
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: [{ CN: [inputs.commonName] }],
    issuer: authority.subjectName,
    notBefore,
    notAfter,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(inputs.usages.map((usage) => EKU[usage])),
      ...alternativeNames(inputs),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  return issued(made, serial, notAfter, keys.privateKey);
}

function alternativeNames(inputs: CertificateInputs): x509.Extension[] {
  const names: x509.JsonGeneralNames = [
    ...inputs.dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...inputs.ipAddresses.map((value) => ({ type: "ip" as const, value })),
  ];
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)];
}

function lifetime(days: number): { serial: string; notBefore: Date; notAfter: Date } {
  const serial = Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)));
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0); // positive, and never with leading zeros
  const now = Date.now();
  // The wire form counts whole seconds.
  const at = (ms: number): Date => new Date(Math.floor(ms / 1000) * 1000);
  return {
    serial: serial.toString("hex"),
    notBefore: at(now - BACKDATE_MS),
    notAfter: at(now + days * DAY_MS),
  };
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(pem);
  return webcrypto.subtle.importKey("pkcs8", der, KEY, false, ["sign"]);
}

async function issued(
  made: x509.X509Certificate,
  serial: string,
  notAfter: Date,
  key: webcrypto.CryptoKey,
): Promise<Issued> {
  const der = await webcrypto.subtle.exportKey("pkcs8", key);
  const privateKey = `${x509.PemConverter.encode(der, x509.PemConverter.PrivateKeyTag)}\n`;
  return {
    serial,
    certificate: `${made.toString("pem")}\n`,
    privateKey,
    notAfter: notAfter.toISOString(),
  };
}
