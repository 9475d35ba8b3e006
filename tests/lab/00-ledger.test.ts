import { describe, expect, it } from "vitest";
import { contradictions, countFates, type Entry, outage, stall } from "../harness/ledger";
import { refused } from "../harness/dialler";

const entry = (id: string, fate: Entry["fate"], at = 0, took = 1): Entry => ({
  id,
  fate,
  at,
  took,
});

/** Every promise of the lab tests rests on this check: it must fail on a history that is broken. */
describe("the ledger of several clients", () => {
  const clients = 4;
  const rows = 50;
  const fate = (row: number): Entry["fate"] =>
    row % 10 === 0 ? "failed" : row % 7 === 0 ? "unknown" : "acknowledged";
  const ledger = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: clients }, (_, client) => entry(`${client}-${row}`, fate(row), row)),
  ).flat();
  const ids = (kind: Entry["fate"]): string[] =>
    ledger.filter((item) => item.fate === kind).map(({ id }) => id);
  const whole = ids("acknowledged");

  it("is borne out with none, some and all of what is unknown", () => {
    const unknown = ids("unknown");
    for (const there of [[], unknown.slice(0, 5), unknown])
      expect(contradictions(ledger, [...there, ...whole].reverse())).toEqual([]);
  });

  it("finds any one acknowledged row that is lost", () => {
    for (const lost of whole)
      expect(
        contradictions(
          ledger,
          whole.filter((id) => id !== lost),
        ),
      ).toEqual([`${lost} was acknowledged and is lost`]);
  });

  it("finds any row that is there twice", () => {
    for (const id of whole)
      expect(contradictions(ledger, [...whole, id])).toEqual([`${id} is there 2 times`]);
  });

  it("finds a row of a refused write that came back, and one of nobody", () => {
    for (const id of ids("failed"))
      expect(contradictions(ledger, [...whole, id])).toEqual([`${id} was refused and is there`]);
    expect(contradictions(ledger, [...whole, "9-1"])).toEqual(["9-1 was never written"]);
  });

  it("counts and measures", () => {
    const some = [
      entry("a", "acknowledged", 100, 20),
      entry("b", "failed", 900, 700),
      entry("c", "unknown", 1000, 5000),
      entry("d", "acknowledged", 1100, 90),
    ];
    expect(countFates(some)).toEqual({ acknowledged: 2, unknown: 1, failed: 1 });
    expect(outage(some, 1200)).toBe(1000);
    expect(stall(some)).toBe(90);
  });

  it.each([
    ["a refusal of PostgreSQL", { code: "25006" }, true],
    ["a unique violation", { code: "23505" }, true],
    ["a server that shuts down", { code: "57P01" }, false],
    ["a lost connection", { code: "08006" }, false],
    ["a socket error", { code: "ECONNRESET" }, false],
    ["a time limit", new Error("Query read timeout"), false],
  ])("takes %s for surely not written or not: %j", (_, error, surely) => {
    expect(refused(error)).toBe(surely);
  });
});
