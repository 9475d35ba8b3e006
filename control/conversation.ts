/** A program in a container that is talked to: started beforehand, it waits for what is said to it. */
import type { Duplex } from "node:stream";
import type { ContainerAccess } from "../model/access";
import { place } from "./docker";
import { UnreachableError, describe, excerpt } from "./errors";
import { execStream } from "./exec";
import { FrameDecoder } from "./frames";

/** A program that waits for what is said to it. Whatever happens here, it must end by itself. */
export class Conversation {
  private text = "";
  private closed = false;
  private trouble: unknown;
  private listeners: (() => void)[] = [];

  /** Talks over the raw, framed stream of a program that was started. */
  constructor(
    private readonly access: ContainerAccess,
    private readonly program: string,
    private readonly stream: Duplex,
  ) {
    const decoder = new FrameDecoder();
    stream.on("data", (chunk: Buffer) => {
      decoder.push(chunk, (_, data) => (this.text += data.toString()));
      this.notify();
    });
    stream.on("error", (error) => {
      this.trouble = error;
      this.notify();
    });
    const ended = (): void => {
      this.closed = true;
      this.notify();
    };
    stream.on("end", ended).on("close", ended);
  }

  /** Starts the program; `argv` is visible in process lists. */
  static async begin(access: ContainerAccess, argv: readonly string[]): Promise<Conversation> {
    return new Conversation(access, argv[0] ?? "", await execStream(access, argv));
  }

  /** Sends it a line. */
  say(line: string): void {
    this.stream.write(`${line}\n`);
  }

  /** All that it said once a line of it is `word`; fails with what was said when it ends or is late. */
  hear(word: string, timeoutMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (found: string): void => {
        clearTimeout(timer);
        reject(this.failure(word, found));
      };
      const timer = setTimeout(() => fail(`not within ${timeoutMs / 1000} s`), timeoutMs);
      const look = (): boolean => {
        if (this.text.split("\n").includes(word)) {
          clearTimeout(timer);
          resolve(this.text);
        } else if (this.trouble !== undefined) fail(describe(this.trouble));
        else if (this.closed) fail(excerpt(this.text) || "it ended without a word");
        else return false;
        return true;
      };
      if (!look()) this.listeners.push(look);
    });
  }

  /** Ends its stdin, and with it a program that still waits. */
  end(): void {
    this.stream.end();
  }

  /** Once the program has ended, or nothing more can be known of it; it is left to itself after `ms`. */
  over(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.leave(), ms);
      const look = (): void => {
        if (!this.closed && this.trouble === undefined) return;
        clearTimeout(timer);
        resolve();
      };
      this.listeners.push(look);
      look();
    });
  }

  /** Leaves the program to itself. */
  leave(): void {
    this.stream.destroy();
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }

  private failure(word: string, found: string): UnreachableError {
    return new UnreachableError({
      doing: `hear "${word}" from ${this.program}`,
      where: place(this.access),
      found,
      remedy: `Look at the container: docker logs --tail 50 ${this.access.container}`,
    });
  }
}
