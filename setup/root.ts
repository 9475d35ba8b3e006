import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The clone that this code runs from. Bundled code lies deeper in it than its source. */
export const root = holderOf("Pulumi.yaml", __dirname);

function holderOf(file: string, folder: string): string {
  if (existsSync(join(folder, file))) return folder;
  const up = dirname(folder);
  if (up === folder) throw new Error(`No folder above ${__dirname} holds ${file}: not a clone.`);
  return holderOf(file, up);
}
