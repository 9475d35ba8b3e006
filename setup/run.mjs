// The entry of every npm script. It must start on a bare clone with nothing but Node.js, so it is
// plain JavaScript without dependencies: it installs them, then hands over to main.ts.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const stamp = join(modules, ".postgres-ha-stamp");
const say = (text) => process.stderr.write(`${text}\n`);

function fail(text) {
  say(text);
  process.exit(1);
}

function refuseUnsupported() {
  if (Number(process.versions.node.split(".")[0]) < 20) {
    fail(
      `This project needs Node.js 20 or newer; this is ${process.versions.node}. Install a newer one from https://nodejs.org and run the command again.`,
    );
  }
  if (process.platform === "win32") {
    fail(
      "Windows itself is not supported. Open a WSL2 distribution (https://learn.microsoft.com/windows/wsl), clone the project there and run the same command.",
    );
  }
}

function lockHash() {
  const file = join(root, "package-lock.json");
  if (!existsSync(file))
    fail(
      `${file} is missing: this is not a whole clone. Run "git checkout package-lock.json" and try again.`,
    );
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

// True when npm's own record, which it writes last, has every package of package-lock.json and each is
// there. So what a person installed need not be thrown away, and what npm calls done is looked at.
function whole() {
  const record = join(modules, ".package-lock.json");
  if (!existsSync(record)) return false;
  const read = (file) => {
    try {
      return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
    } catch (error) {
      say(`${file} cannot be read (${error.message}): installing again.`);
      return {};
    }
  };
  const have = read(record);
  const want = Object.entries(read(join(root, "package-lock.json"))).filter(
    ([path]) => path !== "",
  );
  const there = ([path, { version, optional }]) =>
    have[path]
      ? have[path].version === version && existsSync(join(root, path, "package.json"))
      : optional === true;
  return want.length > 0 && want.every(there);
}

function inPlace(hash) {
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return true;
  if (!whole()) return false;
  writeStamp(hash);
  return true;
}

function writeStamp(hash) {
  writeFileSync(`${stamp}.${process.pid}`, hash);
  renameSync(`${stamp}.${process.pid}`, stamp);
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    const stat = `/proc/${pid}/stat`;
    // In a container a dead process may stay listed as "Z" for good: nobody reaps it.
    return !(existsSync(stat) && /\) Z /.test(readFileSync(stat, "utf8")));
  } catch (error) {
    return error.code === "EPERM";
  }
}

// Owners are this process and its npm, which outlives it for a while when this one is killed.
function ownersOf(lock) {
  return existsSync(lock) ? readdirSync(lock).map(Number) : [];
}

// Two first commands at once would delete each other's node_modules. The lock is a directory named
// after the clone and outside of it; what is inside names its owners; when all are dead it is removed.
async function whileLocked(work) {
  const name = createHash("sha256").update(root).digest("hex").slice(0, 12);
  const lock = join(tmpdir(), `postgres-ha-npm-${userInfo().uid}-${name}`);
  for (let told = false, ownerless = 0; ;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owners = ownersOf(lock);
    ownerless = owners.length > 0 ? 0 : ownerless + 1;
    const gone = owners.length > 0 ? !owners.some(alive) : ownerless > 10;
    if (gone) rmSync(lock, { recursive: true, force: true });
    else if (!told) {
      const who = owners[0] ?? "(starting)";
      say(`Waiting for process ${who}, which installs the npm dependencies of this clone.`);
      told = true;
    }
    await new Promise((done) => setTimeout(done, 500));
  }
  mkdirSync(join(lock, String(process.pid)));
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.on("exit", release);
  try {
    return await work(lock);
  } finally {
    release();
    process.off("exit", release);
  }
}

function npmCi(lock) {
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const inside = process.env.npm_execpath?.endsWith(".js") && existsSync(process.env.npm_execpath);
  const [command, all] = inside
    ? [process.execPath, [process.env.npm_execpath, ...args]]
    : ["npm", args];
  return new Promise((done) => {
    const child = spawn(command, all, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk) => (output = (output + chunk).slice(0, 8000));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const started = Date.now();
    const beat = setInterval(
      () =>
        say(
          `  npm dependencies: still installing (${Math.round((Date.now() - started) / 1000)} s)`,
        ),
      15000,
    );
    if (child.pid) mkdirSync(join(lock, String(child.pid)));
    let stopped;
    const stop = (signal) => {
      stopped = signal;
      child.kill(signal);
    };
    process.on("SIGINT", stop).on("SIGTERM", stop);
    const end = (code, text) => {
      clearInterval(beat);
      process.off("SIGINT", stop).off("SIGTERM", stop);
      // Only now: npm goes on writing for a while after the signal.
      if (stopped) process.exit(stopped === "SIGINT" ? 130 : 143);
      done({ code, output: text ?? output });
    };
    child.on("error", (error) => end(1, error.message));
    child.on("close", (code) => end(code ?? 1));
  });
}

// npm says what is wrong first and then all that it can do.
function firstLines(output) {
  return output.trim().split("\n").slice(0, 12).join("\n");
}

async function dependencies(hash) {
  await whileLocked(async (lock) => {
    if (inPlace(hash)) return;
    say("Installing the npm dependencies (npm ci) ...");
    rmSync(stamp, { force: true });
    const { code, output } = await npmCi(lock);
    if (code !== 0)
      fail(
        `${firstLines(output)}\nInstalling the npm dependencies in ${root} failed: npm ci ended with ${code}, what it said is above. Check the network and "npm config get registry", then run the command again.`,
      );
    if (!whole())
      fail(
        `npm ci said that it was done, yet packages are missing in ${modules}. Remove that folder and run the command again.`,
      );
    writeStamp(hash);
  });
}

refuseUnsupported();
const [verb, ...args] = process.argv.slice(2);
const hash = lockHash();
if (!inPlace(hash)) {
  if (verb === "setup" && args.includes("--check")) {
    fail(
      'npm dependencies     missing    node_modules is absent or older than package-lock.json; the other parts are listed once it is there. Run "npm run setup".',
    );
  }
  await dependencies(hash);
}
const require = createRequire(import.meta.url);
process.exit(await require("./load.cjs").load("setup/main.ts").main(verb, args));
