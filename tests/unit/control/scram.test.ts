import { describe, expect, it } from "vitest";
import { scramMatches, scramVerifier } from "../../../control/scram";

describe("scramVerifier", () => {
  it("gives the keys of RFC 7677's example exchange", () => {
    // User "user", password "pencil", 4096 iterations: the RFC's ServerSignature follows from ServerKey.
    const verifier = scramVerifier("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"));
    expect(verifier).toBe(
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    );
  });

  it("salts at random", () => {
    expect(scramVerifier("pencil")).not.toBe(scramVerifier("pencil"));
  });
});

describe("scramMatches", () => {
  it("knows its own verifiers, whatever their iterations", () => {
    expect(scramMatches("p'w$ ü", scramVerifier("p'w$ ü", Buffer.alloc(16, 7), 10_000))).toBe(true);
  });

  it.each([
    ["another password", scramVerifier("other")],
    ["no password", null],
    ["an MD5 hash", "md5a1b2c3"],
    ["a cut verifier", "SCRAM-SHA-256$4096:AAAA$"],
  ])("refuses %s", (_, stored) => {
    expect(scramMatches("pencil", stored)).toBe(false);
  });
});
