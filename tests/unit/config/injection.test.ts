import fc from "fast-check";
import { expect, it } from "vitest";

import { parseConfig } from "../../../model/config";
import { errorOf, good, set } from "./good";

const LABEL = /^[a-z][a-z0-9-]{0,30}[a-z0-9]$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/;

const attack = fc.constantFrom(
  "'; DROP TABLE x; --",
  '"; DROP ROLE x; --',
  "$(id)",
  "`id`",
  "a b",
  "a\nb",
  "a\u0000b",
  "../../etc/passwd",
  "${x}",
  "%f",
  "a,b",
  "a=b",
  "a#b",
  "a]b",
  "\u202eabc",
  "ａｂ",
);
const hostile = fc.oneof(
  attack,
  fc.tuple(fc.string(), attack, fc.string()).map((parts) => parts.join("")),
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.stringMatching(/^[a-zA-Z_$-]{1,70}$/),
);

/** Each place for a name, and what may stand there. */
const NAMES: readonly (readonly [path: string, allowed: RegExp])[] = [
  ["cluster", LABEL],
  ["hosts/1/name", LABEL],
  ["hosts/1/zone", LABEL],
  ["postgres/databases/0/name", NAME],
  ["postgres/databases/0/owner", NAME],
  ["postgres/databases/0/extensions/0", /^[a-z][a-z0-9_-]{0,62}$/],
  ["postgres/users/0/name", NAME],
  ["postgres/users/0/memberOf", /^$/],
  ["hosts/1/dataPath", /^(\/[A-Za-z0-9._-]+)+$/],
  ["hosts/1/docker", /^(unix|ssh):\/\/[A-Za-z0-9@:/._-]+$/],
  ["hosts/1/address", /^[0-9.]+$/],
  ["network/subnet", /^[0-9.]+\/[0-9]+$/],
  ["images/registry", /^[a-z0-9.:/_-]+$/],
];

it.each(NAMES)("%s: an injection is refused, or is no injection", (path, allowed) => {
  fc.assert(
    fc.property(hostile, (value) => {
      if (errorOf(set(good(), path, value)) === undefined) expect(value).toMatch(allowed);
    }),
  );
});

it("a parameter's name holds no syntax, and its value no line break", () => {
  fc.assert(
    fc.property(hostile, hostile, (name, value) => {
      const raw = set(good(), "postgres/parameters", { [name]: value });
      if (errorOf(raw) !== undefined) return;
      for (const [key, text] of Object.entries(parseConfig(raw).config.postgres.parameters)) {
        expect(key).toMatch(/^[a-z_][a-z0-9_.]*$/);
        // eslint-disable-next-line no-control-regex
        expect(String(text)).not.toMatch(/[\u0000-\u001f\u007f]/);
      }
    }),
  );
});

it("a message is printable ASCII on lines of a bounded length, whatever the value", () => {
  fc.assert(
    fc.property(hostile, fc.anything(), (name, value) => {
      const error = errorOf({ ...good(), cluster: value, [name]: value });
      expect(error?.message ?? "").toMatch(/^[\x20-\x7e\n]*$/);
      for (const line of (error?.message ?? "").split("\n")) expect(line.length).toBeLessThan(600);
    }),
  );
});
