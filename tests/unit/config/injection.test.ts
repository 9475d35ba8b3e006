import fc from "fast-check";
import { expect, it } from "vitest";

import { parseConfig } from "../../../model/config";
import { errorOf, good, set, type Raw } from "./good";

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

type Place = [path: string, allowed: RegExp, put: (value: string) => Raw];

const at = (path: string, allowed: RegExp): Place => [
  path,
  allowed,
  (value) => set(good(), path, value),
];

/** Each place for a name, what may stand there, and how the value gets there. */
const NAMES: readonly Place[] = [
  at("cluster", LABEL),
  at("hosts/1/name", LABEL),
  at("hosts/1/zone", LABEL),
  at("postgres/databases/0/name", NAME),
  at("postgres/databases/0/extensions/0", /^[a-z][a-z0-9_-]{0,62}$/),
  // As owner and member too: a user that is not declared would be refused for that alone.
  ["postgres/users/0/name", NAME, everywhereAsUser],
  at("hosts/1/dataPath", /^(\/[A-Za-z0-9._-]+)+$/),
  at("hosts/1/docker", /^(unix|ssh):\/\/[A-Za-z0-9@:/._-]+$/),
  at("hosts/1/address", /^[0-9.]+$/),
  at("network/subnet", /^[0-9.]+\/[0-9]+$/),
];

function everywhereAsUser(name: string): Raw {
  const users = [{ name }, { name: "other", connectionLimit: 1, memberOf: [name] }];
  const databases = [{ name: "orders", owner: name }];
  const hba = [{ database: "orders", user: name, address: "all" }];
  return { ...good(), postgres: { users, databases, hba } };
}

it.each(NAMES)("%s: an injection is refused, or is no injection", (_path, allowed, put) => {
  fc.assert(
    fc.property(hostile, (value) => {
      if (errorOf(put(value)) === undefined) expect(value).toMatch(allowed);
    }),
  );
});

it("the users' test is not refused for another reason", () => {
  expect(errorOf(everywhereAsUser("Some-User$"))).toBeUndefined();
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
