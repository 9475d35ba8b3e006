import { join } from "node:path";
import { root } from "./paths";
import { attached } from "./process";
import { elapsed } from "./progress";

const checks: [name: string, command: string, ...args: string[]][] = [
  ["types", "tsc", "--noEmit"],
  ["lint", "eslint", "."],
  ["formatting", "prettier", "--check", "--log-level", "warn", "."],
  ["dead code", "knip"],
];

/** `npm run check`: types, lint, formatting, dead code. All run, whatever the first ones find. */
export async function checkVerb(args: string[]): Promise<number> {
  if (args.length > 0)
    throw new Error(`"npm run check" takes no arguments, got "${args.join(" ")}".`);
  const verdicts: string[] = [];
  let bad = 0;
  for (const [name, command, ...rest] of checks) {
    const started = Date.now();
    const code = await attached(join(root, "node_modules", ".bin", command), rest, { cwd: root });
    if (code !== 0) bad++;
    verdicts.push(
      `${name.padEnd(12)}${code === 0 ? "ok" : `FAILED (exit ${code})`} (${elapsed(started)})`,
    );
  }
  process.stdout.write(`${verdicts.join("\n")}\n`);
  return bad === 0 ? 0 : 1;
}
