import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { curlConfig, parseCurlOutput, quoteCurl } from "../../../control/curl";
import { issueAuthority, issueCertificate } from "../../../provider/certificates";

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
    expect(() => curlConfig([{ ...request, headers }], "m")).toThrow(/header X-Consul-Token/);
  });

  it("does not repeat a secret in the error", () => {
    const headers = { "X-Consul-Token": "secret\n" };
    expect(() => curlConfig([{ ...request, headers }], "m")).not.toThrow(/secret/);
  });

  it("holds method, body and files", () => {
    const more = { headers: { A: "b" }, body: '{"k":"v"}', cacert: "/ca" };
    const text = curlConfig([{ ...request, ...more }], "m");
    expect(text).toContain('request = "PUT"');
    expect(text).toContain('data-raw = "{\\"k\\":\\"v\\"}"');
    expect(text).toContain('header = "A: b"');
    expect(text).toContain('cacert = "/ca"');
    expect(text).toContain('proto = "=https"');
  });

  it("parts requests, so that one's options are not the next one's", () => {
    const text = curlConfig([{ ...request, body: "1" }, request], "m");
    expect(text.split("\nnext\n")).toHaveLength(2);
  });
});

describe("parseCurlOutput", () => {
  it("splits bodies and statuses", () => {
    const output = '{"a":\n1}\nmark 200 0 \n\nmark 503 0 \nx\nmark 000 7 refused\n';
    expect(parseCurlOutput(output, "mark")).toEqual([
      { status: 200, body: '{"a":\n1}', error: undefined },
      { status: 503, body: "", error: undefined },
      { status: 0, body: "x", error: "refused" },
    ]);
  });

  it("finds no answer where output is cut off", () => {
    expect(parseCurlOutput('{"a"', "mark")).toEqual([]);
    expect(parseCurlOutput("\nmark 200 0", "mark")).toEqual([]);
  });
});

describe("the installed curl", () => {
  it("reads the quoting as meant", ({ skip }) => {
    if (!present("curl")) skip("curl is not installed");
    const text = 'quote " backslash \\ tab \t end';
    const config = `url = "file:///dev/null"\nwrite-out = ${quoteCurl(text)}\nsilent\n`;
    const output = execFileSync("curl", ["--disable", "--config", "-"], {
      input: config,
    }).toString();
    expect(output).toBe(text);
  });

  it("sends several requests, and gives up at the first that gets no answer", async ({ skip }) => {
    if (!present("curl")) skip("curl is not installed");
    const { server, port, caFile } = await httpsServer();
    try {
      const to = (path: string, at: number) => ({
        ...request,
        method: "PUT",
        url: `https://127.0.0.1:${at}/${path}`,
        body: path,
        cacert: caFile,
      });
      const requests = [to("a", port), to("status/503", port), to("b", 1), to("c", port)];
      const output = await curl(curlConfig(requests, "mark"));
      const [a, b, refused, none] = parseCurlOutput(output, "mark");
      expect(a).toEqual({ status: 200, body: "PUT /a a", error: undefined });
      expect(b).toMatchObject({ status: 503, error: undefined });
      expect(refused?.error).toMatch(/connect/i);
      expect(none).toBeUndefined();
    } finally {
      server.close();
    }
  });
});

function present(program: string): boolean {
  return spawnSync(program, ["--version"]).status === 0;
}

/** Answers with what it was sent; `/status/N` with that status. */
async function httpsServer(): Promise<{ server: Server; port: number; caFile: string }> {
  const ca = await issueAuthority({ commonName: "test CA", validityDays: 1 });
  const leaf = await issueCertificate({
    caCertificate: ca.certificate,
    caPrivateKey: ca.privateKey,
    commonName: "test",
    dnsNames: [],
    ipAddresses: ["127.0.0.1"],
    usages: ["server"],
    validityDays: 1,
    renewBeforeDays: 0,
  });
  const server = createServer({ cert: leaf.certificate, key: leaf.privateKey }, (ask, answer) => {
    let body = "";
    ask.on("data", (chunk: Buffer) => (body += chunk.toString()));
    ask.on("end", () => {
      answer.statusCode = Number(/status\/(\d+)/.exec(ask.url ?? "")?.[1] ?? 200);
      answer.end(`${ask.method} ${ask.url} ${body}`);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const folder = mkdtempSync(join(tmpdir(), "pgha-curl-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const caFile = join(folder, "ca.crt");
  writeFileSync(caFile, ca.certificate);
  return { server, port: (server.address() as AddressInfo).port, caFile };
}

/** What curl prints; its exit code is that of the last request. */
async function curl(config: string): Promise<string> {
  const child = spawn("curl", ["--disable", "--config", "-"]);
  child.stdin.end(config);
  let output = "";
  for await (const chunk of child.stdout) output += String(chunk);
  return output;
}
