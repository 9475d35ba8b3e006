// Loads an entry of the project written in TypeScript, with all that it imports as one bundled file:
// a process starts two to three times as fast as with a loader that compiles and finds each module.
// The bundle is made again when a file that went into it has changed.
"use strict";
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readdirSync, readFileSync } = require("node:fs");
const { renameSync, rmSync, statSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { basename, join } = require("node:path");
const vm = require("node:vm");

const root = join(__dirname, "..");
const cache = join(root, "node_modules", ".cache", "postgres-ha");

// What libraries load and nothing here uses: the SDK's serialisation of functions, a second's work,
// and the ssh client in JavaScript of dockerode, which is given the system's.
const UNUSED = ["typescript", "@npmcli/arborist", "ssh2"];

/**
 * The exports of an entry, a path below the project's root.
 * @param {string} entry
 */
function load(entry) {
  if (process.env.PGHA_DEBUG) process.setSourceMapsEnabled(true);
  const file = join(cache, `${entry.replaceAll("/", "-")}.cjs`);
  const code = fresh(file) ? readFileSync(file, "utf8") : build(entry, file);
  const loaded = { exports: {} };
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${code}\n})`;
  const { script, compiled } = compile(wrapped, file);
  const main = script.runInThisContext();
  main.call(loaded.exports, loaded.exports, createRequire(file), loaded, file, cache);
  if (compiled !== undefined) keep(compiled, script.createCachedData());
  return loaded.exports;
}

// V8's compiled form lies beside the bundle. V8 refuses one of another version of itself, but tells
// sources apart by their length only: hence the hash.
function compile(wrapped, file) {
  const compiled = `${file}.${createHash("sha256").update(wrapped).digest("hex").slice(0, 16)}.v8`;
  const cachedData = readIfThere(compiled);
  const script = new vm.Script(wrapped, {
    filename: file,
    cachedData,
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return { script, compiled: cachedData && !script.cachedDataRejected ? undefined : compiled };
}

/** Whether a bundle is there and each file that went into it is as it was. */
function fresh(file) {
  const record = readIfThere(`${file}.json`);
  if (record === undefined || readIfThere(file) === undefined) return false;
  return Object.entries(JSON.parse(record.toString())).every(([path, seen]) => seen === mark(path));
}

function mark(path) {
  const seen = statSync(join(root, path), { throwIfNoEntry: false });
  return seen === undefined ? "gone" : `${seen.size} ${seen.mtimeMs}`;
}

function build(entry, file) {
  const started = Date.now();
  const { outputFiles, metafile } = require("esbuild").buildSync({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    alias: Object.fromEntries(UNUSED.map((name) => [name, join(__dirname, "unused.cjs")])),
    sourcemap: process.env.PGHA_DEBUG ? "inline" : false,
    metafile: true,
    write: false,
    logLevel: "error",
  });
  const own = Object.keys(metafile.inputs).filter((path) => !path.startsWith("node_modules/"));
  const inputs = [...own, "package-lock.json", "setup/load.cjs"];
  const code = outputFiles[0].text;
  const record = Object.fromEntries(inputs.map((path) => [path, mark(path)]));
  const edited = inputs.some((path) => statSync(join(root, path)).mtimeMs >= started);
  if (!edited) keepBundle(file, code, JSON.stringify(record));
  return code;
}

function keepBundle(file, code, record) {
  for (const old of existsSync(cache) ? readdirSync(cache) : []) {
    const ours = old.startsWith(`${basename(file)}.`) && /\.(json|v8)$/.test(old);
    if (ours) rmSync(join(cache, old), { force: true });
  }
  keep(file, code);
  keep(`${file}.json`, record);
}

// A clone that may not be written to is slower, not broken.
function keep(file, content) {
  const own = `${file}.${process.pid}`;
  try {
    mkdirSync(cache, { recursive: true });
    writeFileSync(own, content);
    renameSync(own, file);
  } catch (error) {
    if (!["EACCES", "EROFS", "EPERM"].includes(error.code)) throw error;
  }
}

function readIfThere(file) {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(file);
}

module.exports = { load };
