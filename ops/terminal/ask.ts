/** Questions to the person at the terminal; they go to stderr, stdout belongs to the answer. */
import { readFileSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { resolve } from "node:path";
import { onTerminal } from "../../setup/setup";

/** A path from the command line: npm runs the project's commands in its folder, not the person's. */
export function personsPath(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path);
}

/** Goes on when the person says yes, or said so beforehand; throws otherwise. */
export async function confirm(yes: boolean, what: string): Promise<void> {
  if (yes) return;
  if (!onTerminal()) {
    throw new Error(
      `${what}: nothing was done. There is no terminal to ask on: add --yes if you mean it.`,
    );
  }
  const answer = await question(`${what}. Go on? [y/N] `, false);
  if (!/^y(es)?$/i.test(answer.trim())) throw new Error("Nothing was done.");
}

/** The passphrase of an escrow file: from a file, or asked for; twice when it is a new one. */
export async function askPassphrase(file: string | undefined, isNew: boolean): Promise<string> {
  if (file !== undefined) return passphraseFrom(personsPath(file));
  if (!onTerminal()) {
    throw new Error(
      "There is no terminal to ask for the passphrase on: name a file with --passphrase-file.",
    );
  }
  const first = await question("Passphrase of the escrow file: ", true);
  if (isNew && (await question("The same once more: ", true)) !== first) {
    throw new Error("The two passphrases differ: nothing was written.");
  }
  return first;
}

/** The first line of a file; what else it holds is a mistake. */
function passphraseFrom(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "an error";
    throw new Error(`The passphrase file ${file} cannot be read: ${code}.`);
  }
  if (/[\r\n]/.test(text)) {
    throw new Error(`The passphrase file ${file} must hold one line, and holds more.`);
  }
  return text;
}

function question(prompt: string, hidden: boolean): Promise<string> {
  // readline echoes what is typed to its output: a hidden answer gets one that swallows it.
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = hidden ? sink : process.stderr;
  const terminal: Interface = createInterface({ input: process.stdin, output, terminal: true });
  if (hidden) process.stderr.write(prompt);
  return new Promise((answered, refused) => {
    const stop = (): void => refused(new Error("Interrupted: nothing was done."));
    terminal.once("SIGINT", stop).once("close", stop);
    terminal.question(hidden ? "" : prompt, answered);
  }).finally(() => {
    terminal.removeAllListeners("close").close();
    if (hidden) process.stderr.write("\n");
  }) as Promise<string>;
}
