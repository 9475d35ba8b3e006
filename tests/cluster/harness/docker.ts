import { lines, ok, type Ran, run, type RunOptions } from "../../harness/run";
import { isOwn } from "./identity";

/** Runs `docker` on a container of the test cluster; refuses any other. */
async function own(container: string, args: string[], options?: RunOptions): Promise<string> {
  if (!isOwn(container)) throw new Error(`${container} is not a container of the tests`);
  return ok("docker", args, options);
}

/** Names of all containers of the cluster, running or not. */
export async function ownContainers(): Promise<string[]> {
  return lines(await ok("docker", ["ps", "--all", "--format", "{{.Names}}"])).filter(isOwn);
}

/** Names of the cluster's volumes. */
export async function ownVolumes(): Promise<string[]> {
  return lines(await ok("docker", ["volume", "ls", "--format", "{{.Name}}"])).filter(isOwn);
}

/** Runs a program in a container; `stdin` is the place for secrets. */
export function inside(container: string, argv: string[], options?: RunOptions): Promise<string> {
  return own(container, ["exec", "--interactive", container, ...argv], options);
}

/** The same, whatever its exit code. */
export function tryInside(container: string, argv: string[], options?: RunOptions): Promise<Ran> {
  if (!isOwn(container)) throw new Error(`${container} is not a container of the tests`);
  return run("docker", ["exec", "--interactive", container, ...argv], options);
}

/** Kills a container's process, as a machine that loses its power would. */
export const kill = (container: string): Promise<string> => own(container, ["kill", container]);
export const start = (container: string): Promise<string> => own(container, ["start", container]);
export const stop = (container: string): Promise<string> =>
  own(container, ["stop", "--time", "1", container]);
/** Removes a container, not its named volumes. */
export const remove = (container: string): Promise<string> =>
  own(container, ["rm", "--force", container]);

/** What `docker inspect` says of a container, by a format. */
export async function inspect(container: string, format: string): Promise<string> {
  return (await own(container, ["inspect", "--format", format, container])).trim();
}

/** A container's id: another one means that it was made anew. */
export const idOf = (container: string): Promise<string> => inspect(container, "{{.Id}}");
export const isRunning = async (container: string): Promise<boolean> =>
  (await inspect(container, "{{.State.Running}}")) === "true";

/** Standard output and error of a container. */
export async function logs(container: string, tail = "all"): Promise<string> {
  if (!isOwn(container)) throw new Error(`${container} is not a container of the tests`);
  return ok("sh", ["-c", 'exec docker logs --tail "$1" "$2" 2>&1', "sh", tail, container]);
}
