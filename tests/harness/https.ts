import { request } from "node:https";

/** An answer of an HTTPS server. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A request from this machine, the server's certificate verified. */
export interface Ask {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly ca: string;
  /** Client certificate and key, PEM. */
  readonly cert?: string;
  readonly key?: string;
}

/** Sends a request; rejects when the connection or the certificate fails. */
export function https({ method = "GET", headers = {}, body, ...where }: Ask): Promise<Answer> {
  return new Promise((done, reject) => {
    const sent = request({ ...where, method, headers, agent: false, timeout: 5000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.once("end", () => done({ status: response.statusCode ?? 0, body: text }));
      response.once("error", reject);
    });
    const silent = `no answer from ${where.host}:${where.port} within 5 s`;
    sent.once("timeout", () => sent.destroy(new Error(silent)));
    sent.once("error", reject);
    sent.end(body);
  });
}
