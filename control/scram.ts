/** SCRAM-SHA-256 verifiers as PostgreSQL stores them: the password itself never goes to a server. */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

/** PostgreSQL's default number of iterations. */
const ITERATIONS = 4096;
const SHAPE = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/;

/** Verifier of a password, with a random salt unless one is given. */
export function scramVerifier(
  password: string,
  salt: Buffer = randomBytes(16),
  iterations: number = ITERATIONS,
): string {
  const salted = pbkdf2Sync(password.normalize("NFKC"), salt, iterations, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}

/** Whether a stored verifier belongs to a password; any other form of stored password does not. */
export function scramMatches(password: string, verifier: string | null | undefined): boolean {
  const parts = SHAPE.exec(verifier ?? "");
  if (parts === null || verifier == null) return false;
  const salt = Buffer.from(parts[2] ?? "", "base64");
  const expected = Buffer.from(scramVerifier(password, salt, Number(parts[1])));
  const stored = Buffer.from(verifier);
  return expected.length === stored.length && timingSafeEqual(expected, stored);
}
