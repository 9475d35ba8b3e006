/** The text that `curl --config -` reads: everything about a request, secrets included. */

/** A request, as curl is told it. */
export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly cacert?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly maxSeconds: number;
}

/** Quotes a value for a curl config file: the escapes are curl's own. */
export function quoteCurl(value: string): string {
  if (value.includes("\0")) throw new Error("a value for curl cannot hold a NUL byte");
  const escaped = value
    .replace(/\\/g, "\\\\")
    .replace(/"/g, '\\"')
    .replace(/\n/g, "\\n")
    .replace(/\r/g, "\\r")
    .replace(/\t/g, "\\t")
    .replace(/\v/g, "\\v");
  return `"${escaped}"`;
}

/** Config text of a request. The answer's status follows its body on a line of its own. */
export function curlConfig(request: CurlRequest): string {
  const options: [string, string][] = [
    ["url", oneLine(request.url, "URL")],
    ["request", oneLine(request.method, "method")],
    ["max-time", String(request.maxSeconds)],
    ["connect-timeout", "5"],
    ["proto", "=https"],
    ["noproxy", "*"],
    ["write-out", "\n%{http_code}"],
  ];
  for (const [name, value] of Object.entries(request.headers)) {
    options.push(["header", oneLine(`${name}: ${value}`, `header ${name}`)]);
  }
  if (request.cacert !== undefined) options.push(["cacert", request.cacert]);
  if (request.cert !== undefined) options.push(["cert", request.cert]);
  if (request.key !== undefined) options.push(["key", request.key]);
  if (request.body !== undefined) options.push(["data-raw", request.body]);
  const lines = options.map(([name, value]) => `${name} = ${quoteCurl(value)}`);
  return [...lines, "silent", "show-error", "globoff", ""].join("\n");
}

/** Splits what curl printed into status and body. */
export function parseCurlOutput(output: string): { status: number; body: string } {
  const cut = output.lastIndexOf("\n");
  const status = Number(output.slice(cut + 1));
  if (cut < 0 || !Number.isInteger(status)) throw new Error("curl printed no status line");
  return { status, body: output.slice(0, cut) };
}

function oneLine(value: string, what: string): string {
  if (/[\r\n]/.test(value)) throw new Error(`the ${what} of a request cannot hold a line break`);
  return value;
}
