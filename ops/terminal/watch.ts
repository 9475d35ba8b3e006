/** A view that is drawn again and again until a person ends it. */
import { setTimeout as pause } from "node:timers/promises";

/** Moves to the top left. */
const HOME = "\u001b[H";
/** Clears from here to the end of the line. */
const REST_OF_LINE = "\u001b[K";
/** Clears from here to the end of the screen. */
const REST_OF_SCREEN = "\u001b[J";
/** Clears all. */
const CLEAR = "\u001b[2J";

/**
 * Text that draws a view over the one before: nothing flickers, and nothing old is left. Lines and
 * columns that do not fit are cut, or the screen would scroll. Pure.
 */
export function redraw(text: string, size: { readonly rows: number; readonly columns: number }) {
  const lines = text.split("\n").slice(0, Math.max(1, size.rows - 1));
  const cut = lines.map((line) => `${line.slice(0, Math.max(1, size.columns))}${REST_OF_LINE}`);
  return `${HOME}${cut.join("\n")}\n${REST_OF_SCREEN}`;
}

/** Some terminals do not tell their size, or tell 0. */
function sizeOf(stdout: { readonly rows?: number; readonly columns?: number }) {
  return { rows: stdout.rows || 24, columns: stdout.columns || 80 };
}

/** Shows what `look` gives, every so many seconds; on a terminal in place. Ends at Ctrl-C only. */
export async function watch(
  everySeconds: number,
  out: (text: string) => void,
  look: () => Promise<string>,
): Promise<never> {
  const { stdout } = process;
  // Ctrl-C is how a person ends this: not an interruption to be told of.
  process.removeAllListeners("SIGINT").once("SIGINT", () => process.exit(0));
  if (stdout.isTTY) stdout.write(CLEAR);
  for (;;) {
    const text = await look();
    if (stdout.isTTY) stdout.write(redraw(text, sizeOf(stdout)));
    else out(text);
    await pause(everySeconds * 1000);
  }
}
