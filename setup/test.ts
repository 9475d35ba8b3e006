import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goEnv, usableGo } from "./goBuild";
import { root } from "./paths";
import { attached, capture } from "./process";
import { elapsed, lines, say } from "./progress";
import { engineParts, ensure, type Part, parts } from "./setup";
import { type Counts, countGo, countVitest, lastLine, none, sum } from "./testCounts";
import { versions } from "./versions";

/** What each layer needs to be there. */
const layers: Record<string, readonly Part[]> = {
  unit: [],
  go: [],
  program: engineParts,
  cluster: parts,
  lab: parts,
};
/**
 * Files of a layer that would take longer than a whole `npm test` may, that it runs nevertheless; all
 * of them run when the layer is named. Of the lab: what the rest of it stands on, in six minutes.
 */
const ofAll: Record<string, readonly string[]> = {
  lab: ["tests/lab/10-bring-up", "tests/lab/11-roll", "tests/lab/12-host-lost"],
};
/** Folders with Go tests, from setup/go on. */
const goModules = [
  ...["resource-docker", "resource-random", "resource-command", "language-nodejs"],
  "../../tests/lab/delay",
];

/** `npm test -- [layer...] [-- flags of vitest]`. */
export async function testVerb(args: string[]): Promise<number> {
  const dashes = args.indexOf("--");
  const named = dashes < 0 ? args : args.slice(0, dashes);
  const flags = dashes < 0 ? [] : args.slice(dashes + 1);
  const unknown = named.find((layer) => !(layer in layers));
  if (unknown)
    throw new Error(
      `There is no test layer "${unknown}". The layers are ${Object.keys(layers).join(", ")}; flags for vitest go after another "--".`,
    );
  const all = named.length === 0;
  const chosen = Object.keys(layers).filter((layer) => all || named.includes(layer));
  await ensure(
    parts.filter((part) => chosen.some((layer) => layers[layer]?.includes(part))),
    { yes: true },
  );
  const counts: Counts[] = [];
  for (const layer of chosen) {
    const started = Date.now();
    say(`\n== ${layer} tests`);
    const counted = await runLayer(layer, flags, all);
    say(`== ${layer}: ${lastLine(counted)} (${elapsed(started)})`);
    counts.push(counted);
  }
  const total = sum(counts);
  process.stdout.write(`\n${lastLine(total)}\n`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}

function runLayer(layer: string, flags: string[], all: boolean): Promise<Counts> | Counts {
  if (layer === "go") return goLayer();
  if (layer === "lab" && all && !labPossible()) {
    say("  skipped: the lab makes network namespaces, which takes root on Linux");
    return { ...none, skipped: 1 };
  }
  return vitestLayer(layer, [...flags, ...(all ? (ofAll[layer] ?? []) : [])]);
}

function labPossible(): boolean {
  return process.platform === "linux" && process.getuid?.() === 0;
}

async function vitestLayer(layer: string, flags: string[]): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), "postgres-ha-tests-"));
  try {
    const report = join(folder, "report.json");
    const args = [
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...flags,
    ];
    const env = { ...process.env, PGHA_TEST_LAYER: layer };
    const code = await attached(join(root, "node_modules", ".bin", "vitest"), args, {
      cwd: root,
      env,
    });
    const counted = countVitest(
      existsSync(report) ? readFileSync(report, "utf8") : undefined,
      code,
    );
    if (counted.passed + counted.skipped === 0 && code !== 0)
      say(
        `No test of layer "${layer}" passed; vitest ended with ${code}. A layer without tests counts as a failure.`,
      );
    return counted;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// The plugins of ours. Where the official ones are used and there is no Go, these cannot be built.
async function goLayer(): Promise<Counts> {
  const counts: Counts[] = [];
  const go = await usableGo();
  for (const name of goModules) {
    const folder = join(root, "setup", "go", name);
    if (!existsSync(folder) || !readdirSync(folder).some((file) => file.endsWith("_test.go")))
      continue;
    if (!go) {
      say(`  skipped: ${name} (no Go ${versions.go.minimum} or newer on PATH)`);
      counts.push({ ...none, skipped: 1 });
      continue;
    }
    // Flags as for the programs themselves: what was compiled for those is not compiled again.
    const ran = await lines.during(`testing ${name}`, () =>
      capture("go", ["test", "-trimpath", "-vet=off", "-json", "./..."], {
        cwd: folder,
        env: goEnv(),
      }),
    );
    const counted = countGo(ran.stdout, ran.code);
    if (counted.failed > 0) say(`${counted.output}${ran.stderr}`);
    say(`  ${name}: ${lastLine(counted)}`);
    counts.push(counted);
  }
  return sum(counts);
}
