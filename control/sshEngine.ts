/** A remote Docker engine by ssh, as byte streams and as an agent for Node's http client. */
import { spawn } from "node:child_process";
import { Agent, type AgentOptions } from "node:http";
import type { Duplex, Readable, Writable } from "node:stream";
import { inspect } from "node:util";
import type { HostAccess } from "../model/access";
import { SocketLike } from "./socketLike";
import { complaintOf, sshSession } from "./ssh";
import { connectForward, type Forwarded } from "./sshForward";
import { sshFailure } from "./sshTrouble";

/** What carries the bytes: the forwarded socket, or a program that is connected to the engine. */
interface Carrier {
  readonly input: Writable;
  readonly output: Readable;
  /** Ends it at once. */
  readonly end: () => void;
}

/** How a carrier ends: in order, or with what was wrong. */
type Ended = (wrong?: string) => void;

const LOST = "the connection was lost";
/** Of an engine that is not there: ssh opens a connection to it all the same. */
const CLOSED = "the engine closed the connection";

async function carry(host: HostAccess, ended: Ended): Promise<Carrier> {
  const forwarded = await connectForward(host);
  return forwarded ? byForward(forwarded, ended) : byProgram(host, ended);
}

function byForward(forwarded: Forwarded, ended: Ended): Carrier {
  const { socket } = forwarded;
  let told = false;
  const tell = (wrong?: string): void => {
    if (told) return;
    told = true;
    void forwarded.alive().then((lives) => ended(lives ? wrong : LOST));
  };
  // What the engine has closed it reads no more either: what is still to be written never gets there.
  socket.on("end", () => tell());
  socket.on("error", () => tell(CLOSED));
  socket.on("close", () => tell());
  return { input: socket, output: socket, end: () => void socket.destroy() };
}

async function byProgram(host: HostAccess, ended: Ended): Promise<Carrier> {
  const session = await sshSession(host);
  const child = spawn("ssh", [...session.argv, "docker", "system", "dial-stdio"], {
    stdio: "pipe",
  });
  const complaint = complaintOf(child);
  child.on("error", (error) => {
    if (child.pid === undefined) session.release(); // it never started: no exit will follow
    ended(error.message);
  });
  child.on("exit", () => session.release());
  child.on("close", (code) => {
    const silent = code === 255 ? LOST : `\`docker system dial-stdio\` ended with ${code}`;
    ended(code === 0 ? undefined : complaint() || silent);
  });
  child.stdin.on("error", () => undefined); // the exit of ssh reports the reason
  return { input: child.stdin, output: child.stdout, end: () => void child.kill() };
}

/** A byte stream through `ssh` that looks enough like a socket for Node's http client. */
class EngineStream extends SocketLike {
  private carrier: Carrier | undefined;
  private answered = false;

  constructor(private readonly host: HostAccess) {
    // What the engine has closed takes no more requests: an agent would go on giving it out.
    super({ allowHalfOpen: false });
  }

  /** What is written meanwhile waits in the stream. */
  override _construct(done: (error?: Error | null) => void): void {
    this.open().then(() => done(), done);
  }

  private async open(): Promise<void> {
    const carrier = await carry(this.host, (wrong) => this.ended(wrong));
    carrier.output.on("data", (chunk: Buffer) => {
      this.answered = true;
      if (!this.push(chunk)) carrier.output.pause();
    });
    this.carrier = carrier;
  }

  private ended(wrong: string | undefined): void {
    const unanswered = !this.answered && !this.writableEnded;
    const found = wrong ?? (unanswered ? CLOSED : undefined);
    if (found === undefined) {
      this.once("end", () => this.carrier?.end());
      this.push(null);
    } else this.destroy(sshFailure(this.host, found));
  }

  override _read(): void {
    this.carrier?.output.resume();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    // Why one failed is told by the carrier's end.
    this.carrier?.input.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    const input = this.carrier?.input;
    // One that is gone does not call back.
    if (input === undefined || input.destroyed) done();
    else input.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.carrier?.end();
    done(error);
  }
}

/** A byte stream to a host's Docker engine. */
export function engineStream(host: HostAccess): Duplex {
  return new EngineStream(host);
}

const SOCKETS: AgentOptions = { keepAlive: true, maxSockets: 8, maxFreeSockets: 8 };

/** An http agent whose connections lead to a host's engine. */
export class SshAgent extends Agent {
  constructor(private readonly host: HostAccess) {
    super(SOCKETS);
  }

  /** Called by Node's http client for each new connection. */
  override createConnection(): Duplex {
    return engineStream(this.host);
  }

  /** The Docker client formats its options for a log that nobody reads, hidden fields and all. */
  [inspect.custom](): string {
    return `SshAgent ${this.host.name}`;
  }
}
