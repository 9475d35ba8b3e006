/** `docker build` of an image from its folder. */
import { copyFileSync, cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { dockerCli } from "../control/dockerCli";
import { describe, excerpt } from "../control/errors";
import { findImage, imageFailure } from "../control/images";
import type { HostAccess } from "../model/access";
import type { ImageInputs } from "../model/resources";
import { root } from "../setup/root";
import { say } from "./warn";

/** Where set-up puts the programs that images need: PGHA_TOOLS, else the user's data directory. */
function toolFile(engine: HostAccess, tag: string, name: string): string {
  const data = process.env.XDG_DATA_HOME ?? join(homedir(), ".local", "share");
  const file = join(process.env.PGHA_TOOLS ?? join(data, "postgres-ha"), "bin", basename(name));
  if (existsSync(file)) return file;
  throw imageFailure("build", engine, tag, `there is no ${file}`, "Run `npm run setup`.");
}

/** Builds an image on an engine of this machine, in a copy of its context. */
export async function buildImage(engine: HostAccess, inputs: ImageInputs): Promise<void> {
  const { tag } = inputs;
  const copy = mkdtempSync(join(tmpdir(), "pgha-build-"));
  try {
    cpSync(resolve(root, inputs.context), copy, { recursive: true });
    for (const name of inputs.extraFiles) {
      copyFileSync(toolFile(engine, tag, name), join(copy, basename(name)));
    }
    await runBuild(engine, inputs, copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  if ((await findImage(engine, tag)) !== undefined) return;
  const found = "docker build ended well but the tag is missing";
  throw imageFailure("build", engine, tag, found, "Run `up` again.");
}

async function runBuild(engine: HostAccess, inputs: ImageInputs, context: string): Promise<void> {
  const { tag, buildArgs } = inputs;
  const args = Object.entries(buildArgs).flatMap(([name, value]) => [
    "--build-arg",
    `${name}=${value}`,
  ]);
  try {
    await dockerCli(engine.docker, ["build", "--tag", tag, ...args, context], (line) => {
      if (/^(Step |#\d+ \[)/.test(line)) say(`${tag}: ${line}`);
    });
  } catch (error) {
    const found = excerpt(describe(error), 2000);
    throw imageFailure("build", engine, tag, found, "Mend it and run `up` again.");
  }
}
