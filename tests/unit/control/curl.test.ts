import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { curlConfig, parseCurlOutput, quoteCurl } from "../../../control/curl";

const request = { method: "PUT", url: "https://10.0.0.1:8501/v1/x", headers: {}, maxSeconds: 5 };

/** Undoes the quoting as curl's manual describes it. */
function unquote(text: string): string {
  const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t", v: "\v" };
  return text
    .slice(1, -1)
    .replace(/\\(.)/g, (_, character: string) => escapes[character] ?? character);
}

describe("quoteCurl", () => {
  it("escapes what would end or change the value", () => {
    expect(quoteCurl('a"b\\c\nd\te')).toBe('"a\\"b\\\\c\\nd\\te"');
  });

  it("comes back the same, on one line, for any text", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes("\0")),
        (text) => {
          const quoted = quoteCurl(text);
          expect(quoted).not.toMatch(/[\r\n]/);
          expect(unquote(quoted)).toBe(text);
        },
      ),
    );
  });

  it("refuses NUL", () => {
    expect(() => quoteCurl("a\0b")).toThrow(/NUL/);
  });
});

describe("curlConfig", () => {
  it("refuses a line break in a header, which would make a second header", () => {
    const headers = { "X-Consul-Token": "secret\r\nX-Other: 1" };
    expect(() => curlConfig({ ...request, headers })).toThrow(/header X-Consul-Token/);
  });

  it("does not repeat a secret in the error", () => {
    const headers = { "X-Consul-Token": "secret\n" };
    expect(() => curlConfig({ ...request, headers })).not.toThrow(/secret/);
  });

  it("holds method, body and files", () => {
    const text = curlConfig({ ...request, headers: { A: "b" }, body: '{"k":"v"}', cacert: "/ca" });
    expect(text).toContain('request = "PUT"');
    expect(text).toContain('data-raw = "{\\"k\\":\\"v\\"}"');
    expect(text).toContain('header = "A: b"');
    expect(text).toContain('cacert = "/ca"');
    expect(text).toContain('proto = "=https"');
  });
});

describe("parseCurlOutput", () => {
  it("splits body and status", () => {
    expect(parseCurlOutput('{"a":\n1}\n200')).toEqual({ status: 200, body: '{"a":\n1}' });
  });

  it("refuses output without a status", () => {
    expect(() => parseCurlOutput("")).toThrow(/status/);
  });
});

describe("the installed curl", () => {
  it("reads the quoting as meant", ({ skip }) => {
    try {
      execFileSync("curl", ["--version"]);
    } catch {
      skip("curl is not installed");
    }
    const text = 'quote " backslash \\ tab \t end';
    const config = `url = "file:///dev/null"\nwrite-out = ${quoteCurl(text)}\nsilent\n`;
    const output = execFileSync("curl", ["--disable", "--config", "-"], {
      input: config,
    }).toString();
    expect(output).toBe(text);
  });
});
