/** `show-keys`: opens an escrow file. Needs no cluster, no stack, no state. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { contentNames } from "../escrow/content";
import { openEscrow } from "../escrow/format";
import type { Ops, Run } from "../ops";
import { askPassphrase, personsPath } from "../terminal/ask";

interface Options {
  readonly passphraseFile?: string;
  readonly check?: boolean;
}

/** Adds the verb. */
export function addShowKeys(program: Command, run: Run): void {
  program
    .command("show-keys")
    .description("decrypt a file of export-keys to stdout")
    .argument("<file>", "file that export-keys wrote")
    .option("--passphrase-file <file>", "file with the passphrase; asked for unless given")
    .option("--check", "print the names of the keys only: proves that the file is good")
    .action((file: string, options: Options) => run((ops) => showKeys(ops, file, options)));
}

async function showKeys(ops: Ops, name: string, options: Options): Promise<number> {
  const file = personsPath(name);
  const text = readEscrow(file);
  const passphrase = await askPassphrase(options.passphraseFile, false);
  const { cluster, stack, createdAt, content } = await openEscrow(text, passphrase, file);
  const label = { cluster, stack, createdAt };
  if (options.check !== true) {
    ops.out(JSON.stringify({ ...label, keys: content }, null, 2));
    return 0;
  }
  const holds = contentNames(content);
  if (ops.json) ops.out(JSON.stringify({ file, ...label, holds }, null, 2));
  else {
    const head = `${file} is good: keys of cluster ${cluster} (stack ${stack}), written ${createdAt}`;
    ops.out([head, ...holds.map((key) => `  ${key}`)].join("\n"));
  }
  return 0;
}

function readEscrow(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "an error";
    throw new Error(`The escrow file ${file} cannot be read: ${code}.`);
  }
}
