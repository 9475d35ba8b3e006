/** A container on a host of the lab, of the image that all images are made from. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import { baseImage } from "../../../setup/versions";
import { ControlError } from "../../../control/errors";
import { entering, mustInside } from "./host";
import type { Lab } from "./lab";

/** Carries an image of this machine's engine to a host, unless it has it. */
export async function loadImage(lab: Lab, name: string, image = baseImage): Promise<void> {
  const { code } = await lab.inside(name, ["docker", "image", "inspect", image]);
  if (code === 0) return;
  const save = spawn("docker", ["save", image], { stdio: ["ignore", "pipe", "inherit"] });
  const into = [...entering(lab.host(name)), "docker", "load", "--quiet"];
  const load = spawn("nsenter", into, { stdio: ["pipe", "ignore", "inherit"] });
  const ends = Promise.all([save, load].map((child) => once(child, "exit")));
  await pipeline(save.stdout, load.stdin);
  const codes = (await ends) as [number | null][];
  if (codes.every(([ended]) => ended === 0)) return;
  throw new ControlError({
    doing: `carry the image ${image}`,
    where: `host ${name}`,
    found: `"docker save" and "docker load" ended with ${codes.map(([ended]) => ended).join(" and ")}`,
    remedy: "See what they said above.",
  });
}

/** Runs a container that does nothing, with flags of `docker run`. */
export async function run(
  lab: Lab,
  host: string,
  name: string,
  flags: readonly string[] = [],
): Promise<void> {
  // The first process of a container heeds no SIGTERM that it has not asked for.
  const stopping = ["--stop-signal", "KILL"];
  const argv = ["docker", "run", "--detach", ...stopping, "--name", name, ...flags, baseImage];
  await mustInside(lab.host(host), `run ${name}`, [...argv, "sleep", "infinity"]);
}
