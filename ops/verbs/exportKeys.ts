/** `export-keys`: the keys of a cluster into an encrypted file, to be kept elsewhere. */
import { existsSync, readFileSync } from "node:fs";
import type { Command } from "commander";
import { makeStateDir, state } from "../../setup/paths";
import { writeWhole } from "../../setup/stamp";
import { contentNames, escrowContent } from "../escrow/content";
import { openEscrow, sealEscrow } from "../escrow/format";
import type { Ops, Run } from "../ops";
import { askPassphrase, confirm, personsPath } from "../terminal/ask";

interface Options {
  readonly output?: string;
  readonly passphraseFile?: string;
}

/** Adds the verb. */
export function addExportKeys(program: Command, run: Run): void {
  program
    .command("export-keys")
    .description("write all keys that the data is worthless without into an encrypted file")
    .option("--output <file>", "file to write; one in the state directory's escrow/ unless given")
    .option("--passphrase-file <file>", "file with the passphrase; asked for unless given")
    .action((options: Options) => run((ops) => exportKeys(ops, options)));
}

async function exportKeys(ops: Ops, options: Options): Promise<number> {
  const outputs = await ops.outputs();
  const createdAt = new Date().toISOString();
  const label = { cluster: outputs.clusterName, stack: ops.stack, createdAt };
  const file = options.output === undefined ? defaultFile(label) : personsPath(options.output);
  if (existsSync(file)) await confirm(ops.yes, `${file} is there and will be replaced`);
  const content = escrowContent(outputs, process.env);
  const passphrase = await askPassphrase(options.passphraseFile, true);
  writeWhole(file, await sealEscrow(label, content, passphrase), 0o600);
  const proven = await openEscrow(readFileSync(file, "utf8"), passphrase, file);
  if (JSON.stringify(proven.content) !== JSON.stringify(content)) {
    throw new Error(
      `${file} was written but does not hold what it should. Try again, to another disk.`,
    );
  }
  const holds = contentNames(content);
  if (ops.json) ops.out(JSON.stringify({ file, ...label, holds }, null, 2));
  else ops.out(describeFile(file, holds, ops.stack));
  return 0;
}

/** A name that sorts by time and never repeats an older one. */
function defaultFile({
  cluster,
  stack,
  createdAt,
}: {
  cluster: string;
  stack: string;
  createdAt: string;
}): string {
  makeStateDir();
  const at = createdAt.slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  const name = [cluster, stack, at].map((part) => part.replace(/[^A-Za-z0-9.-]/g, "_")).join("_");
  return state("escrow", `${name}.json`);
}

function describeFile(file: string, holds: readonly string[], stack: string): string {
  return [
    `Written, read back and opened: ${file}`,
    ...holds.map((name) => `  ${name}`),
    `Keep a copy on another machine, and the passphrase in another place; it cannot be recovered.`,
    `Prove it good at any time: npm run --silent ops -- --stack ${stack} show-keys --check ${file}`,
  ].join("\n");
}
