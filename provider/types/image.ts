/** Image: built on the local engine under a tag that is a hash of its inputs, never rebuilt. */
import { spawn } from "node:child_process";
import { cpSync, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { HostAccess } from "../../model/access";
import type { ImageInputs, ImageState } from "../../model/resources";
import { dockerClient, dockerStatus } from "../../control/docker";
import { ControlError, describe, excerpt } from "../../control/errors";
import { root } from "../../setup/root";
import { define } from "../type";

const DRIFTED = " (another image: ";

async function imageId(host: HostAccess, tag: string): Promise<string | undefined> {
  try {
    return (await dockerClient(host).getImage(tag).inspect()).Id;
  } catch (error) {
    if (dockerStatus(error) === 404) return undefined;
    throw failure(
      "look for the image",
      host,
      tag,
      describe(error),
      "Check the Docker engine of this host.",
    );
  }
}

function failure(
  doing: string,
  host: HostAccess,
  tag: string,
  found: string,
  remedy: string,
): ControlError {
  return new ControlError({ doing, where: `${tag} on host ${host.name}`, found, remedy });
}

/** Where set-up puts the programs that images need: PGHA_TOOLS, else the user's data directory. */
function toolFile(inputs: ImageInputs, name: string): string {
  const data = process.env.XDG_DATA_HOME ?? join(homedir(), ".local", "share");
  const file = join(process.env.PGHA_TOOLS ?? join(data, "postgres-ha"), "bin", basename(name));
  if (existsSync(file)) return file;
  throw failure("build", inputs.host, inputs.tag, `there is no ${file}`, "Run `npm run setup`.");
}

/** Runs `docker build` in a copy of the context; its output goes to stderr, line by line. */
async function build(inputs: ImageInputs): Promise<string> {
  const { host, tag } = inputs;
  if (!host.docker.startsWith("unix://")) {
    const remedy = "Build it on the operator's own engine and carry it over.";
    throw failure("build", host, tag, "images are built on a local engine only", remedy);
  }
  const copy = mkdtempSync(join(tmpdir(), "pgha-build-"));
  try {
    cpSync(resolve(root, inputs.context), copy, { recursive: true });
    for (const name of inputs.extraFiles)
      copyFileSync(toolFile(inputs, name), join(copy, basename(name)));
    await runBuild(inputs, copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const id = await imageId(host, tag);
  if (id === undefined) {
    throw failure(
      "build",
      host,
      tag,
      "docker build ended well but the tag is missing",
      "Run `up` again.",
    );
  }
  return id;
}

function runBuild(inputs: ImageInputs, context: string): Promise<void> {
  const { host, tag } = inputs;
  const args = Object.entries(inputs.buildArgs).flatMap(([name, value]) => [
    "--build-arg",
    `${name}=${value}`,
  ]);
  const environment = { ...process.env, DOCKER_HOST: host.docker };
  return new Promise((done, fail) => {
    const child = spawn("docker", ["build", "--tag", tag, ...args, context], {
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let tail = "";
    const take = (chunk: Buffer): void => {
      tail = `${tail}${chunk.toString()}`.slice(-4000);
      for (const line of chunk.toString().split("\n")) {
        if (/^(Step |#\d+ \[)/.test(line)) process.stderr.write(`${tag}: ${line.trim()}\n`);
      }
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) =>
      fail(failure("build", host, tag, error.message, "Install the docker CLI.")),
    );
    child.on("close", (code) => {
      if (code === 0) done();
      else
        fail(
          failure(
            "build",
            host,
            tag,
            `exit code ${code}: ${excerpt(tail, 2000)}`,
            "Mend it and run `up` again.",
          ),
        );
    });
  });
}

/** Delete does nothing: an older image may still be wanted for going back. */
export const image = define<ImageInputs, ImageState>({
  type: "pgha:index:Image",
  secretFields: [],
  computed: ["imageId"],
  async create(inputs) {
    const id = (await imageId(inputs.host, inputs.tag)) ?? (await build(inputs));
    return { id: inputs.tag, state: { ...inputs, imageId: id } };
  },
  async read(state) {
    const tag = state.tag.split(DRIFTED)[0] ?? state.tag;
    const live = await imageId(state.host, tag);
    if (live === undefined) return undefined;
    if (live === state.imageId) return { ...state, tag };
    return { ...state, tag: `${tag}${DRIFTED}${live.slice(0, 19)})` };
  },
  async update(state, news) {
    const drifted = state.tag.startsWith(`${news.tag}${DRIFTED}`);
    const known = drifted ? undefined : await imageId(news.host, news.tag);
    return { ...news, imageId: known ?? (await build(news)) };
  },
  delete: () => Promise.resolve(),
});
