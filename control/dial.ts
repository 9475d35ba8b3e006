/** Byte streams to places that only a container can reach, through `socat` inside it. */
import type { Duplex } from "node:stream";
import type { ContainerAccess } from "../model/access";
import { place } from "./docker";
import { UnreachableError, describe } from "./errors";
import { execStream } from "./exec";
import { FrameDecoder } from "./frames";
import { SocketLike } from "./socketLike";

/** Where to connect to, as seen from inside the container. */
export type DialTarget =
  { readonly unix: string } | { readonly address: string; readonly port: number };

function socatAddress(target: DialTarget): string {
  const where = "unix" in target ? target.unix : target.address;
  if (/[,!\s]/.test(where)) throw new Error(`"${where}" is not an address that can be dialled`);
  if ("unix" in target) return `UNIX-CONNECT:${where}`;
  const host = where.includes(":") ? `[${where}]` : where;
  return `TCP:${host}:${target.port},connect-timeout=5,nodelay`;
}

/** A socket-like stream; `connect` starts it, as `pg` does with a stream that it is given. */
export class DialStream extends SocketLike {
  private inner: Duplex | undefined;
  private complaint = "";
  private readonly decoder = new FrameDecoder();

  constructor(
    private readonly access: ContainerAccess,
    private readonly target: DialTarget,
  ) {
    super({ allowHalfOpen: false });
  }

  /** Connects; arguments of a socket's `connect` are ignored, the target is fixed. */
  connect(): this {
    execStream(this.access, ["socat", "STDIO", socatAddress(this.target)]).then(
      (inner) => this.attach(inner),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(describe(error))),
    );
    return this;
  }

  private attach(inner: Duplex): void {
    if (this.destroyed) {
      inner.destroy();
      return;
    }
    this.inner = inner;
    inner.on("data", (chunk: Buffer) =>
      this.decoder.push(chunk, (kind, data) => {
        if (kind === 2) this.complaint = `${this.complaint}${data.toString()}`.slice(-500);
        else if (!this.push(Buffer.from(data))) inner.pause();
      }),
    );
    inner.on("end", () => this.finish());
    inner.on("error", (error) => this.destroy(error));
    this.emit("connect");
  }

  private finish(): void {
    if (this.complaint.trim() === "") this.push(null);
    else this.destroy(this.failure(this.complaint.trim()));
  }

  private failure(found: string): UnreachableError {
    const where =
      "unix" in this.target ? this.target.unix : `${this.target.address}:${this.target.port}`;
    return new UnreachableError({
      doing: `connect to ${where}`,
      where: `from ${place(this.access)}`,
      found: found.replace(/^.*socat\[\d+\] [A-Z] /, ""),
      remedy: "Check that the part behind this address runs.",
    });
  }

  override _read(): void {
    this.inner?.resume();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    if (this.inner === undefined) done(this.failure("not connected yet"));
    else this.inner.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.inner === undefined) done();
    else this.inner.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.inner?.destroy();
    done(error);
  }
}

/** A stream from inside a container to a unix socket or a TCP address; not connected yet. */
export function dial(access: ContainerAccess, target: DialTarget): DialStream {
  return new DialStream(access, target);
}
