import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { aptInstall } from "./engineInstall";
import { engineArch } from "./engine";
import { tools } from "./paths";
import { capture, logged, onPath } from "./process";
import type { Progress } from "./progress";
import type { Found, Step } from "./step";
import { baseImage, versions } from "./versions";

const { suite, official, mirror } = versions.base;
const pullLimitMs = 20_000;
const originLabel = "postgres-ha.base.from";

const absent = "no such image at the engine";

async function check(): Promise<Found> {
  const format = `{{.Id}} {{index .Config.Labels "${originLabel}"}}`;
  const { code, stdout, stderr } = await capture(
    "docker",
    ["image", "inspect", "--format", format, baseImage],
    { timeoutMs: 60_000 },
  );
  if (code !== 0) {
    const from = /no such image/i.test(stderr)
      ? absent
      : `the engine does not tell (exit ${code}: ${stderr.trim().slice(0, 200)})`;
    return { present: false, version: baseImage, from };
  }
  const [id, ...from] = stdout.trim().split(" ");
  return {
    present: true,
    version: `${baseImage} (${id?.replace("sha256:", "").slice(0, 12)})`,
    from: from.join(" ") || "found in place",
  };
}

async function provide(progress: Progress): Promise<void> {
  // A new base makes every image on it new: never made again just because the engine was busy.
  const { present, from } = await check();
  if (present) return;
  if (from !== absent)
    throw new Error(
      `Whether the engine has the image ${baseImage} could not be seen: ${from}. Look at the engine and run the command again.`,
    );
  if (await pull(progress)) return;
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !onPath("apt-get")) {
    throw new Error(
      `The base image cannot be made: "docker pull ${official}" did not come through within ${pullLimitMs / 1000} s, and making it from Debian packages needs root on Debian or Ubuntu. ` +
        `Give the engine a way to a registry, or load a Debian ${suite} image and tag it ${baseImage}; then run the command again.`,
    );
  }
  await bootstrap(progress);
}

// By tag: the image changes with Debian's own fixes. What was pulled stays under the pinned tag.
async function pull(progress: Progress): Promise<boolean> {
  const started = await progress.during(`pulling ${official}`, () =>
    capture("docker", ["pull", "--quiet", official], { timeoutMs: pullLimitMs }),
  );
  if (started.code !== 0) return false;
  await label(official, "pulled from the registry", progress);
  return true;
}

// A build of one line puts a label on; labels are how a later check knows where the image is from.
async function label(from: string, words: string, progress: Progress): Promise<void> {
  const folder = tools(`tmp-${process.pid}-base-label`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(join(folder, "Dockerfile"), `FROM ${from}\nLABEL ${originLabel}="${words}"\n`);
    await progress.during("labelling the base image", () =>
      logged("docker", ["build", "--quiet", "-t", baseImage, folder], tools("logs", "base.log")),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bootstrap(progress: Progress): Promise<void> {
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const missing = [
    ...(onPath("mmdebstrap") ? [] : ["mmdebstrap"]),
    ...(existsSync(keyring) ? [] : ["debian-archive-keyring"]),
  ];
  if (missing.length > 0) await aptInstall(missing, progress);
  const folder = tools(`tmp-${process.pid}-base`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const log = tools("logs", "base.log");
  try {
    const archive = join(folder, "base.tar");
    const args = [
      "--variant=minbase",
      `--architectures=${await engineArch()}`,
      ...(await aptOptions()),
      ...slim(),
      suite,
      `${archive}.part`,
      ...sources(keyring),
    ];
    await progress.during(`making a Debian ${suite} image from packages`, () =>
      logged("mmdebstrap", args, log),
    );
    renameSync(`${archive}.part`, archive);
    const words = `LABEL ${originLabel}="made from Debian packages"`;
    await progress.during("importing the image", () =>
      logged(
        "docker",
        ["import", "--change", words, "--change", 'CMD ["bash"]', archive, baseImage],
        log,
      ),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// As Debian's slim images: no manual pages or documents, and packages that are installed later
// follow the same rule.
function slim(): string[] {
  const excluded = [
    "/usr/share/man/*",
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
  ];
  return [
    ...excluded.map((path) => `--dpkgopt=path-exclude=${path}`),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    "--format=tar",
  ];
}

function sources(keyring: string): string[] {
  const main = debianMirror();
  const security = main.replace(/\/debian\/?$/, "/debian-security");
  const line = (uri: string, name: string): string =>
    `deb [signed-by=${keyring}] ${uri} ${name} main`;
  return [line(main, suite), line(main, `${suite}-updates`), line(security, `${suite}-security`)];
}

/** The Debian mirror that this machine uses itself, else the public one. */
export function debianMirror(folder = "/etc/apt"): string {
  const list = join(folder, "sources.list.d");
  const files = [
    join(folder, "sources.list"),
    ...(existsSync(list) ? readdirSync(list).map((name) => join(list, name)) : []),
  ];
  const words = files.filter(existsSync).flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((text) => !text.trimStart().startsWith("#"))
      .flatMap((text) => text.split(/\s+/)),
  );
  return words.find((word) => /^https?:\/\/\S+\/debian\/?$/.test(word)) ?? mirror;
}

// mmdebstrap starts from an empty apt configuration; a machine behind a proxy reaches nothing then.
async function aptOptions(): Promise<string[]> {
  const { stdout } = await capture("apt-config", ["dump"]);
  return stdout
    .split("\n")
    .filter((option) => /^Acquire::https?::(Proxy|CAInfo)\b.*"[^"]+"/i.test(option))
    .map((option) => `--aptopt=${option}`);
}

/** The base image of all images: pulled where a registry answers, else made from Debian packages. */
export function baseStep(): Step {
  return { name: "base image", check, provide };
}
