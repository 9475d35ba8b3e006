/** Warnings of the provider's process: the engine takes its stderr line by line. */

/** Says something that a person may want to know and that stops nothing. */
export function warn(message: string): void {
  process.stderr.write(`warning: ${message}\n`);
}

/** Says how far something is. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
