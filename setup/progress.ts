/** Set-up messages go to stderr: stdout belongs to what the person asked for. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** What a failure was, in words. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Seconds since a moment, rounded, for a message. */
export function elapsed(since: number): string {
  const seconds = Math.round((Date.now() - since) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Tells how a long piece of work goes on. */
export interface Progress {
  /** Says one thing about the work at hand. */
  note(text: string): void;
  /** Runs a piece of work; when it takes over 5 s, says so, and again every 15 s. */
  during<T>(what: string, work: () => Promise<T>): Promise<T>;
}

/** Progress as plain lines, the same on a terminal and in a log. */
export const lines: Progress = {
  note: (text) => say(`  ${text}`),
  async during(what, work) {
    const started = Date.now();
    const tell = (): void => say(`  ${what} ... (${elapsed(started)})`);
    const first = setTimeout(tell, 5000);
    const beat = setInterval(tell, 15000);
    try {
      return await work();
    } finally {
      clearTimeout(first);
      clearInterval(beat);
    }
  },
};
