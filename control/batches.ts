/** Work that several want done for one place at about the same time: done once for all of them. */

interface Waiting<T> {
  readonly item: T;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

interface Queue<T> {
  /** How many still find out what they want. */
  asking: number;
  waiting: Waiting<T>[];
}

/** Collects what is wanted by key, until nobody of that key is still finding out what he wants. */
export class Batches<T> {
  private readonly queues = new Map<string, Queue<T>>();

  /** @param work Does it for all items of a batch; each of them fails with it. */
  constructor(private readonly work: (items: readonly T[]) => Promise<void>) {}

  /**
   * Finds out what is wanted, `undefined` for nothing, and waits until it is done. The batch leaves
   * with the last who asks, so nothing waits for what nobody has yet asked for.
   */
  async add(key: string, ask: () => Promise<T | undefined>): Promise<void> {
    const queue = this.queues.get(key) ?? { asking: 0, waiting: [] };
    this.queues.set(key, queue);
    queue.asking += 1;
    let done: Promise<void> | undefined;
    try {
      const item = await ask();
      if (item !== undefined) {
        done = new Promise((resolve, reject) => {
          queue.waiting.push({ item, done: resolve, failed: reject });
        });
      }
    } finally {
      queue.asking -= 1;
      if (queue.asking === 0) void this.leave(key, queue);
    }
    await done;
  }

  /** Settles every one of them; never rejects. */
  private async leave(key: string, queue: Queue<T>): Promise<void> {
    this.queues.delete(key);
    const { waiting } = queue;
    if (waiting.length === 0) return;
    try {
      await this.work(waiting.map(({ item }) => item));
      for (const { done } of waiting) done();
    } catch (error) {
      for (const { failed } of waiting) failed(error);
    }
  }
}

/** Answers by key; who asks while one is on its way shares it. */
export class Shared<T> {
  private readonly pending = new Map<string, Promise<T>>();

  /** The answer that is on its way, else a new one. Nothing is kept. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.pending.get(key);
    if (known !== undefined) return known;
    const answer = ask().finally(() => this.pending.delete(key));
    this.pending.set(key, answer);
    return answer;
  }
}

/** A number of places; who finds none free waits, first come first served. */
export class Slots {
  private readonly line: (() => void)[] = [];

  constructor(private free: number) {}

  /** Takes a place; the answer gives it back, and may be called more than once. */
  async take(): Promise<() => void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.line.push(resolve));
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.line.shift();
      if (next === undefined) this.free += 1;
      else next();
    };
  }
}
