/** Which shared ssh connection the next session goes on. */
import { existsSync } from "node:fs";

/** Most sessions on one connection: sshd's default `MaxSessions` refuses the next one. */
const SESSIONS = 10;

/** A place on a shared connection; given back when the session has ended. */
export interface Lane {
  /** Control socket of the connection. */
  readonly path: string;
  /** Gives the place back; once. */
  release(): void;
}

/**
 * The shared connections of one host. Sessions fill the first one up to sshd's limit, then the
 * next. A connection is opened alone while its sessions wait, one connection at a time: a burst of
 * logins would be dropped at random by sshd's `MaxStartups`.
 */
export class Lanes {
  private readonly sessions: number[] = [];
  private readonly opening = new Map<number, Promise<void>>();
  private line: Promise<void> = Promise.resolve();

  /**
   * @param pathOf Control socket of the n-th connection.
   * @param open Logs in and returns when the control socket takes sessions.
   * @param isOpen Whether it does so already; ssh removes the socket at the end of a connection.
   */
  constructor(
    private readonly pathOf: (index: number) => string,
    private readonly open: (path: string) => Promise<void>,
    private readonly isOpen: (path: string) => boolean = existsSync,
  ) {}

  /** A place for one session; all who wait for a connection that cannot be opened fail together. */
  async take(): Promise<Lane> {
    const found = this.sessions.findIndex((count) => count < SESSIONS);
    const index = found === -1 ? this.sessions.length : found;
    this.add(index, 1);
    try {
      await this.opened(index);
    } catch (error) {
      this.add(index, -1);
      throw error;
    }
    return { path: this.pathOf(index), release: () => this.add(index, -1) };
  }

  private add(index: number, change: 1 | -1): void {
    this.sessions[index] = (this.sessions[index] ?? 0) + change;
  }

  private opened(index: number): Promise<void> {
    const known = this.opening.get(index);
    if (known !== undefined) return known;
    const path = this.pathOf(index);
    if (this.isOpen(path)) return Promise.resolve();
    const turn = this.line
      .then(() => this.open(path))
      .finally(() => {
        this.opening.delete(index);
        // Whoever stood in line has failed with the first; the next to come tries anew.
        if (this.line === turn) this.line = Promise.resolve();
      });
    this.opening.set(index, turn);
    this.line = turn;
    return turn;
  }
}
