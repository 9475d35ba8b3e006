import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  haproxyWord,
  hbaName,
  iniText,
  jsonText,
  userlistLine,
  yamlText,
} from "../../../model/render/formats";

/** Text of any characters, weighted to those that mean something to some program. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom("'", '"', "\\", "#", ";", "=", "%", "$", "{", "}", "[", "]", " ", "\t", "*"),
      fc.constantFrom("ä", "Ω", "漢", "🐘", "\u00a0", "\u200b", "é", "@", "/", ":", ",", "&", "!"),
      fc.string({ unit: "grapheme" }),
    ),
  )
  .map((parts) => parts.join(""));
const oneLine = nasty.filter((text) => !/[\n\r\0]/.test(text));
const breaks = fc
  .tuple(nasty, fc.constantFrom("\n", "\r", "\r\n", "\0"), nasty)
  .map((parts) => parts.join(""));

describe("YAML", () => {
  it("gives every document back, read as YAML 1.1 like Python does", () => {
    const json = fc.jsonValue({ stringUnit: "grapheme" });
    fc.assert(
      fc.property(json, (document) => {
        const back: unknown = parse(yamlText(document), { version: "1.1" });
        // By way of JSON both: it knows no negative zero.
        expect(JSON.parse(JSON.stringify(back))).toEqual(JSON.parse(JSON.stringify(document)));
      }),
    );
  });

  it("gives nasty texts back as texts", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(parse(yamlText({ value: text }), { version: "1.1" })).toEqual({ value: text });
      }),
    );
  });

  it.each([
    "on",
    "off",
    "yes",
    "no",
    "y",
    "n",
    "true",
    "null",
    "~",
    "1e3",
    "0777",
    "12:30",
    "=",
    "<<",
    "",
    " x",
    "a: b",
    "a #b",
  ])("keeps %j a text", (text) => {
    expect(yamlText({ value: text })).toMatch(/^value: ["'].*["']\n$/);
  });

  it("escapes what Python's reader refuses or breaks lines at", () => {
    expect(yamlText({ value: "a\u2028b\x7fc\x85" })).toBe('value: "a\\u2028b\\u007fc\\u0085"\n');
  });

  it("does not depend on the order in which keys were set", () => {
    expect(yamlText({ b: 1, a: { d: 2, c: 3 } })).toBe(yamlText({ a: { c: 3, d: 2 }, b: 1 }));
  });

  it("writes what stands twice twice, and does not fold long lines", () => {
    const shared = { deep: ["x"] };
    expect(yamlText({ a: shared, b: shared })).not.toMatch(/[&*]/);
    expect(yamlText({ long: "word ".repeat(80) }).split("\n")).toHaveLength(2);
  });
});

describe("JSON", () => {
  it("gives every document back", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        expect(JSON.parse(jsonText(document))).toEqual(JSON.parse(JSON.stringify(document)));
      }),
    );
  });
});

describe("INI", () => {
  /** What pgBackRest and PgBouncer understand: a comment by its first character, a line until \n alone. */
  function readIni(text: string): Record<string, Record<string, string[]>> {
    const sections: Record<string, Record<string, string[]>> = {};
    let current: Record<string, string[]> = {};
    for (const line of text.split("\n")) {
      const section = /^\[(.*)\]$/.exec(line)?.[1];
      const [, key, value] = /^([^=]*?) *= *(.*)$/s.exec(line) ?? [];
      if (section !== undefined) current = sections[section] = {};
      else if (key !== undefined && !/^[#;]/.test(line)) (current[key] ??= []).push(value ?? "");
    }
    return sections;
  }

  it("writes sections, numbers, and a line for each entry of a list", () => {
    expect(iniText({ global: { a: 1, b: ["x", "y"] }, orders: { c: "z" } })).toBe(
      "[global]\na = 1\nb = x\nb = y\n\n[orders]\nc = z\n",
    );
  });

  it("gives any value of one line back, quotes, # and ; included", () => {
    const value = oneLine.map((text) => text.trim());
    fc.assert(
      fc.property(value, (text) => {
        expect(readIni(iniText({ s: { key: text } }))).toEqual({ s: { key: [text] } });
      }),
    );
  });

  it("refuses a value that breaks its line, alone or in a list", () => {
    fc.assert(
      fc.property(breaks, (text) => {
        expect(() => iniText({ s: { key: text } })).toThrow("value of key breaks its line");
        expect(() => iniText({ s: { key: ["fine", text] } })).toThrow("breaks its line");
      }),
    );
  });

  it("refuses spaces around a value, which its readers would cut off", () => {
    expect(() => iniText({ s: { key: " pass" } })).toThrow("value of key has spaces around it");
    expect(() => iniText({ s: { key: "pass\t" } })).toThrow("value of key has spaces around it");
  });
});

describe("haproxy.cfg", () => {
  /** Takes a word apart as HAProxy does: '...' keeps everything, \' outside is a quote. */
  function readWord(word: string): string {
    return word.replace(/'([^']*)'|\\(.)/gs, (_all, quoted?: string, escaped?: string) => {
      return quoted ?? escaped ?? "";
    });
  }

  it("leaves plain words alone", () => {
    expect(haproxyWord("/replica?lag=1")).toBe("'/replica?lag=1'");
    expect(haproxyWord("orders-pg1-postgres-1")).toBe("orders-pg1-postgres-1");
  });

  it.each([
    ["it's", `'it'\\''s'`],
    ['say "hi" # now', `'say "hi" # now'`],
    ["$HOME ${X} \\n", `'$HOME \${X} \\n'`],
    ["", "''"],
  ])("quotes %j", (text, word) => {
    expect(haproxyWord(text)).toBe(word);
  });

  it("gives any text of one line back", () => {
    fc.assert(
      fc.property(oneLine, (text) => {
        expect(readWord(haproxyWord(text))).toBe(text);
      }),
    );
  });

  it("refuses a text that breaks its line", () => {
    fc.assert(
      fc.property(breaks, (text) => {
        expect(() => haproxyWord(text)).toThrow("an haproxy.cfg word breaks its line");
      }),
    );
  });
});

describe("pg_hba.conf names", () => {
  it("quotes names, but leaves the word all", () => {
    expect(["all", "order_items", "replication", "my-app"].map(hbaName)).toEqual([
      "all",
      '"order_items"',
      '"replication"',
      '"my-app"',
    ]);
  });

  it.each(['a"b', "a\nb", "a\rb", "a\0b", "/regex", '" "all'])("refuses %j", (name) => {
    expect(() => hbaName(name)).toThrow("cannot stand in pg_hba.conf");
  });

  it("lets no name out of its quotes", () => {
    fc.assert(
      fc.property(oneLine, (name) => {
        if (name === "all" || name.includes('"') || name.startsWith("/")) return;
        expect(hbaName(name)).toBe(`"${name}"`);
      }),
    );
  });
});

describe("userlist.txt", () => {
  /** As PgBouncer reads it: two words in double quotes, a doubled quote is one. */
  function readLine(line: string): string[] {
    return [...line.matchAll(/"((?:[^"]|"")*)"(?= |\n)/g)].map((match) =>
      (match[1] ?? "").replaceAll('""', '"'),
    );
  }

  it("gives user and secret back", () => {
    fc.assert(
      fc.property(oneLine, oneLine, (user, secret) => {
        const line = userlistLine(user, secret);
        expect(line.split("\n")).toHaveLength(2);
        expect(line).toMatch(/^"((?:[^"]|"")*)" "((?:[^"]|"")*)"\n$/);
        const parts = /^"((?:[^"]|"")*)" "((?:[^"]|"")*)"\n$/.exec(line)?.slice(1) ?? [];
        expect(parts.map((part) => part.replaceAll('""', '"'))).toEqual([user, secret]);
      }),
    );
    expect(readLine(userlistLine('a"b', 'c"" d'))).toEqual(['a"b', 'c"" d']);
  });

  it("refuses what breaks its line", () => {
    fc.assert(
      fc.property(breaks, (text) => {
        expect(() => userlistLine("user", text)).toThrow("breaks its line");
        expect(() => userlistLine(text, "secret")).toThrow("breaks its line");
      }),
    );
  });
});
