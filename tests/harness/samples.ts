/** What of a cluster was seen at one moment. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds until those that took writes had said so; 0 where none did. */
  readonly tookMs: number;
  /** Members that took writes. */
  readonly leaders: readonly string[];
  /** Members that streamed from the leader. */
  readonly streaming: readonly string[];
}

/** One that clients are whole with: one leader, and another member that streams from it. */
function isWhole({ leaders, streaming }: Sample): boolean {
  return leaders.length === 1 && streaming.some((name) => !leaders.includes(name));
}

/**
 * A replica follows a new leader on the old timeline first, whose end ends its connection, and begins
 * again on the new one: it may have been seen in between.
 */
const SETTLES_MS = 1000;

/**
 * Sentences about every time at which a cluster was not whole outside of a move of leadership. A
 * move lasts from the last whole sample under one leader to the first under another, and goes on where
 * it is not whole again within a second of that; it may last `mostMs`. Samples are in order of time.
 */
export function breaches(samples: readonly Sample[], mostMs: number): string[] {
  const found: string[] = [];
  let before: Sample | undefined;
  let broken: Sample | undefined;
  /** The last whole sample before a move that may still go on, and when it seemed to be over. */
  let move: { readonly from: Sample; readonly over: number } | undefined;
  for (const sample of samples) {
    if (!isWhole(sample)) {
      broken ??= sample;
      continue;
    }
    const goesOn = broken !== undefined && move !== undefined && broken.at - move.over < SETTLES_MS;
    const from = goesOn ? move?.from : before;
    if (broken !== undefined) found.push(...judge(from, broken, sample, mostMs));
    if (from !== undefined && from.leaders[0] !== sample.leaders[0])
      move = { from, over: sample.at };
    [before, broken] = [sample, undefined];
  }
  if (broken !== undefined) found.push(`not whole at the end: ${text(broken)}`);
  return found;
}

function judge(
  before: Sample | undefined,
  broken: Sample,
  after: Sample,
  mostMs: number,
): string[] {
  if (before === undefined) return [`not whole at the begin: ${text(broken)}`];
  const ms = after.at - before.at;
  if (before.leaders[0] === after.leaders[0])
    return [
      `not whole for up to ${ms} ms, and ${before.leaders[0]} led before and after: ${text(broken)}`,
    ];
  return ms > mostMs ? [`a move from ${text(before)} to ${text(after)} took up to ${ms} ms`] : [];
}

/** Milliseconds beyond which the answer of a leader is a silence: nobody knows whether it led meanwhile. */
const SILENCE_MS = 1000;

/** How long each silence of a leader was. */
export function silences(samples: readonly Sample[]): number[] {
  return samples
    .filter((sample) => isWhole(sample) && sample.tookMs > SILENCE_MS)
    .map(({ tookMs }) => tookMs);
}

/** How often leadership moved. */
export function moves(samples: readonly Sample[]): number {
  const leaders = samples.filter(isWhole).map((sample) => sample.leaders[0]);
  return leaders.filter((name, index) => index > 0 && name !== leaders[index - 1]).length;
}

function text({ leaders, streaming }: Sample): string {
  return `leaders [${leaders.join(", ")}], streaming [${streaming.join(", ")}]`;
}
