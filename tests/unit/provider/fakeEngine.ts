import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The part of Docker's API that images need, on a unix socket. A packed image is a line
 * `TAG ID`; the packed stream of several has one line each.
 */
export class FakeEngine {
  /** Tag -> id. */
  readonly images = new Map<string, string>();
  /** Tags of each stream that was taken in. */
  readonly loads: string[][] = [];
  architecture = "amd64";
  /** Id that comes out of a load, whatever went in. */
  spoiled: string | undefined;
  /** What the engine says instead of taking a stream in. */
  loadError: string | undefined;
  /** Packs so many bytes, then ends the connection in the middle. */
  cutAfter: number | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), "pgha-fake-"));
  private readonly server: Server = createServer((request, response) => {
    void this.answer(request, response);
  });

  get socket(): string {
    return join(this.folder, "e.sock");
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(this.socket, resolve));
    return this;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://docker");
    const [, name = "", verb = ""] =
      /^\/images\/(.+)\/(json|history|tag)$/.exec(url.pathname) ?? [];
    if (url.pathname === "/version") return json(response, 200, { Arch: this.architecture });
    if (url.pathname === "/images/get")
      return this.pack(url.searchParams.getAll("names"), response);
    if (url.pathname === "/images/load") return this.load(request, response);
    const id = this.idOf(name);
    if (id === undefined) return json(response, 404, { message: `No such image: ${name}` });
    if (verb === "history") return json(response, 200, [{ Created: 1, CreatedBy: id, Size: 5e6 }]);
    if (verb === "json") return json(response, 200, inspected(id, this.architecture));
    const query = url.searchParams;
    this.images.set(`${query.get("repo")}:${query.get("tag")}`, id);
    return json(response, 201, {});
  }

  private idOf(name: string): string | undefined {
    return this.images.get(name) ?? [...this.images.values()].find((id) => id === name);
  }

  private pack(names: readonly string[], response: ServerResponse): void {
    response.writeHead(200, { "Content-Type": "application/x-tar" });
    if (this.cutAfter !== undefined) {
      response.write(Buffer.alloc(this.cutAfter), () => response.destroy());
      return;
    }
    for (const name of names) response.write(`${name} ${this.images.get(name)}\n`);
    response.end();
  }

  private async load(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // cut off: nothing is taken in
    }
    if (this.loadError !== undefined) return json(response, 200, { error: this.loadError });
    const lines = Buffer.concat(chunks).toString().trim().split("\n");
    const pairs = lines.map((line) => line.split(" ") as [string, string]);
    for (const [tag, id] of pairs) this.images.set(tag, this.spoiled ?? id);
    this.loads.push(pairs.map(([tag]) => tag));
    json(response, 200, { stream: "Loaded" });
  }
}

function inspected(id: string, architecture: string): object {
  return {
    Id: id,
    Created: "2026-01-02T03:04:05Z",
    Architecture: architecture,
    RootFS: { Type: "layers", Layers: [`layer-of-${id}`] },
  };
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}
