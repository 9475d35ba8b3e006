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

/** What came of one request. */
export interface CurlAnswer {
  readonly status: number;
  readonly body: string;
  /** Why there is no answer; undefined when there is one. */
  readonly error?: string | undefined;
}

/**
 * Config text for one curl that sends all requests in turn. Each answer's body is followed by a line
 * that starts with `mark`, a text which no answer can know. The first one that gets no answer ends
 * it: all go to one server.
 */
export function curlConfig(requests: readonly CurlRequest[], mark: string): string {
  const parts = requests.map((request) => requestConfig(request, mark));
  return `silent\nfail-early\n${parts.join("next\n")}`;
}

function requestConfig(request: CurlRequest, mark: string): string {
  const options: [string, string][] = [
    ["url", oneLine(request.url, "URL")],
    ["request", oneLine(request.method, "method")],
    ["max-time", String(request.maxSeconds)],
    ["connect-timeout", "5"],
    ["proto", "=https"],
    ["noproxy", "*"],
    ["write-out", `\n${mark} %{http_code} %{exitcode} %{errormsg}\n`],
  ];
  for (const [name, value] of Object.entries(request.headers)) {
    options.push(["header", oneLine(`${name}: ${value}`, `header ${name}`)]);
  }
  if (request.cacert !== undefined) options.push(["cacert", request.cacert]);
  if (request.cert !== undefined) options.push(["cert", request.cert]);
  if (request.key !== undefined) options.push(["key", request.key]);
  if (request.body !== undefined) options.push(["data-raw", request.body]);
  const lines = options.map(([name, value]) => `${name} = ${quoteCurl(value)}`);
  return [...lines, "globoff", ""].join("\n");
}

/** Takes apart what curl printed; an answer that is cut off is none. */
export function parseCurlOutput(output: string, mark: string): CurlAnswer[] {
  const answers: CurlAnswer[] = [];
  const ends = new RegExp(`\n${mark} (\\d+) (\\d+) (.*)\n`, "g");
  let from = 0;
  for (const end of output.matchAll(ends)) {
    const [line, status, exit, message] = end;
    const error = exit === "0" ? undefined : message || `curl's error ${exit}`;
    answers.push({ status: Number(status), body: output.slice(from, end.index), error });
    from = end.index + line.length;
  }
  return answers;
}

function oneLine(value: string, what: string): string {
  if (/[\r\n]/.test(value)) throw new Error(`the ${what} of a request cannot hold a line break`);
  return value;
}
