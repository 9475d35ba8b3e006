/**
 * The escrow file: everything without which a cluster's data is worthless, under a passphrase.
 *
 * Version 1 is JSON, so that it can be opened without this project:
 *
 *     format    "postgres-ha-escrow"
 *     version   1
 *     cluster, stack, createdAt    what it is of; not secret
 *     kdf       { name: "scrypt", N, r, p, salt }    makes 64 bytes of the passphrase (UTF-8, NFKC)
 *     check     SHA-256 of the last 32 of them: tells a wrong passphrase from a changed file
 *     cipher    { name: "aes-256-gcm", nonce, tag }  its key is the first 32 bytes
 *     data      the encrypted JSON document `EscrowContent`
 *
 * Bytes are base64. The additional authenticated data of the cipher is the JSON text of
 * [format, version, cluster, stack, createdAt, N, r, p, salt, check, nonce], without spaces.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from "node:crypto";
import { z } from "zod";
import type { EscrowContent } from "./content";

const FORMAT = "postgres-ha-escrow";
const VERSION = 1;
const NAMES = { kdf: "scrypt", cipher: "aes-256-gcm" } as const;
/** 128 MiB and about half a second: what makes guessing dear. */
const COST = { N: 2 ** 17, r: 8, p: 1 } as const;
/** Shorter ones are refused: the file may lie anywhere for years. */
const SHORTEST_PASSPHRASE = 12;

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);
const schema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  cluster: z.string(),
  stack: z.string(),
  createdAt: z.string(),
  kdf: z.object({
    name: z.literal(NAMES.kdf),
    // Bounds: a crafted file must not take all memory or forever.
    N: z
      .number()
      .int()
      .min(2)
      .max(2 ** 20),
    r: z.number().int().min(1).max(16),
    p: z.number().int().min(1).max(4),
    salt: base64,
  }),
  check: base64,
  cipher: z.object({ name: z.literal(NAMES.cipher), nonce: base64, tag: base64 }),
  data: base64,
});
type EscrowFile = z.infer<typeof schema>;
type Header = Omit<EscrowFile, "data" | "cipher"> & { cipher: { name: string; nonce: string } };

/** What a file says of itself without its passphrase. */
export type EscrowLabel = Pick<EscrowFile, "cluster" | "stack" | "createdAt">;

/** Encrypts keys; gives the text of the file. `cost` is lower in tests only. */
export async function sealEscrow(
  label: EscrowLabel,
  content: EscrowContent,
  passphrase: string,
  cost: { N: number; r: number; p: number } = COST,
): Promise<string> {
  if (passphrase.length < SHORTEST_PASSPHRASE) {
    throw new Error(
      `The passphrase has ${passphrase.length} characters; at least ${SHORTEST_PASSPHRASE} are needed. Nothing was written.`,
    );
  }
  const kdf = { name: NAMES.kdf, ...cost, salt: randomBytes(32).toString("base64") };
  const { key, check } = await derive(passphrase, kdf);
  const nonce = randomBytes(12);
  const cipher = { name: NAMES.cipher, nonce: nonce.toString("base64") };
  const header = { format: FORMAT, version: VERSION, ...label, kdf, check, cipher } as const;
  const gcm = createCipheriv(NAMES.cipher, key, nonce);
  gcm.setAAD(authenticated(header));
  const data = Buffer.concat([gcm.update(JSON.stringify(content), "utf8"), gcm.final()]);
  const tag = gcm.getAuthTag().toString("base64");
  const file: EscrowFile = { ...header, cipher: { ...cipher, tag }, data: data.toString("base64") };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Opens a file; `where` is its path, for messages. */
export async function openEscrow(
  text: string,
  passphrase: string,
  where: string,
): Promise<EscrowLabel & { content: EscrowContent }> {
  const file = parseEscrow(text, where);
  const { key, check } = await derive(passphrase, file.kdf);
  if (check !== file.check) {
    throw new Error(`Wrong passphrase: it does not open ${where}. Try again.`);
  }
  try {
    const nonce = Buffer.from(file.cipher.nonce, "base64");
    const gcm = createDecipheriv(NAMES.cipher, key, nonce, { authTagLength: 16 });
    gcm.setAAD(authenticated(file));
    gcm.setAuthTag(Buffer.from(file.cipher.tag, "base64"));
    const plain = Buffer.concat([gcm.update(file.data, "base64"), gcm.final()]);
    const { cluster, stack, createdAt } = file;
    return { cluster, stack, createdAt, content: JSON.parse(plain.toString()) as EscrowContent };
  } catch {
    // The cipher says no more than that it does not fit.
    throw new Error(
      `${where} was changed or is damaged: the passphrase fits, its content does not. Use another copy.`,
    );
  }
}

function parseEscrow(text: string, where: string): EscrowFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // A text that is no JSON is no escrow file, whatever the parser found in it.
    throw new Error(
      `${where} is not an escrow file of this project, or is cut off: it is not JSON.`,
    );
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const version = (json as { version?: unknown } | null)?.version;
  const newer = typeof version === "number" && version > VERSION;
  const paths = result.error.issues.map((issue) => issue.path.join(".") || "the whole");
  throw new Error(
    newer
      ? `${where} has format version ${version}; this project knows ${VERSION}. Use a newer one.`
      : `${where} is not a whole escrow file of this project: wrong or missing: ${paths.join(", ")}.`,
  );
}

function authenticated(header: Header): Buffer {
  const { format, version, cluster, stack, createdAt, kdf, check, cipher } = header;
  const { N, r, p, salt } = kdf;
  const list = [format, version, cluster, stack, createdAt, N, r, p, salt, check, cipher.nonce];
  return Buffer.from(JSON.stringify(list));
}

function derive(
  passphrase: string,
  { N, r, p, salt }: EscrowFile["kdf"],
): Promise<{ key: Buffer; check: string }> {
  const options = { N, r, p, maxmem: 256 * N * r + 1024 * 1024 };
  return new Promise((done, failed) => {
    const words = passphrase.normalize("NFKC");
    scrypt(words, Buffer.from(salt, "base64"), 64, options, (error, bytes) => {
      if (error) return failed(error);
      const check = createHash("sha256").update(bytes.subarray(32)).digest("base64");
      done({ key: bytes.subarray(0, 32), check });
    });
  });
}
