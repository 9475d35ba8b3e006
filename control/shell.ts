/** Words for a POSIX shell: the one place where anything is quoted for one. */

/** One word of a shell command, whatever is in it but a NUL, which no argument can hold. */
export function quoteShell(word: string): string {
  if (word.includes("\0")) throw new Error("an argument of a command holds a NUL character");
  return /^[A-Za-z0-9_/.:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
