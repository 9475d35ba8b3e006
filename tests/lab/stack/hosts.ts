/** Containers on the lab's hosts, reached as root of the host: not by the way that is tested. */
import type { ContainerAccess } from "../../../model/access";
import { lines, ok, type Ran, run, type RunOptions } from "../../harness/run";
import { entering } from "../harness/host";
import { cluster, lab } from "./identity";

function argvOf(host: string, argv: readonly string[]): string[] {
  return [...entering(lab.host(host)), ...argv];
}

/** Runs a program on a host, which must succeed; gives what it printed. */
export function on(host: string, argv: readonly string[], options?: RunOptions): Promise<string> {
  return ok("nsenter", argvOf(host, argv), options);
}

/** Runs `docker` on a host. */
export function docker(host: string, args: readonly string[], options?: RunOptions) {
  return on(host, ["docker", ...args], options);
}

/** Runs a program in a container; `stdin` is the place for secrets. */
export function inside(
  { host, container }: ContainerAccess,
  argv: readonly string[],
  options?: RunOptions,
): Promise<string> {
  return docker(host.name, ["exec", "--interactive", container, ...argv], options);
}

/** The same, whatever its exit code. */
export function tryInside(
  { host, container }: ContainerAccess,
  argv: readonly string[],
  options?: RunOptions,
): Promise<Ran> {
  const all = ["docker", "exec", "--interactive", container, ...argv];
  return run("nsenter", argvOf(host.name, all), options);
}

/** What `docker inspect` says of a container, by a format. */
export async function inspect(
  { host, container }: ContainerAccess,
  format: string,
): Promise<string> {
  return (await docker(host.name, ["inspect", "--format", format, container])).trim();
}

/** Whether a container runs; false when it is not there, too. */
export async function isRunning({ host, container }: ContainerAccess): Promise<boolean> {
  const args = ["docker", "inspect", "--format", "{{.State.Running}}", container];
  const { code, stdout } = await run("nsenter", argvOf(host.name, args));
  return code === 0 && stdout.trim() === "true";
}

/** Names of the cluster's volumes on a host. */
export async function volumesOf(host: string): Promise<string[]> {
  const args = ["volume", "ls", "--filter", `name=^${cluster}-`, "--format", "{{.Name}}"];
  return lines(await docker(host, args));
}

/** The cluster's containers on a host that run, each with its id: another id is another container. */
export async function containersOf(host: string): Promise<Map<string, string>> {
  const format = "{{.Names}} {{.ID}}";
  const filter = `name=^/?${cluster}-`;
  const text = await docker(host, ["ps", "--no-trunc", "--filter", filter, "--format", format]);
  return new Map(
    lines(text).map((line) => [line.split(" ")[0] ?? "", line.split(" ")[1] ?? ""] as const),
  );
}

/** Ids of all containers of all hosts, by name. */
export async function allContainers(): Promise<Record<string, string>> {
  const found = await Promise.all(lab.hosts.map(({ name }) => containersOf(name)));
  return Object.fromEntries(found.flatMap((one) => [...one].sort()));
}

/** The same with the time at which each was started. */
export async function allStarted(): Promise<Record<string, string>> {
  const format = "{{.Name}} {{.Id}} {{.State.StartedAt}}";
  const found = await Promise.all(
    lab.hosts.map(async ({ name }) => {
      const ids = [...(await containersOf(name)).values()];
      return ids.length === 0 ? "" : docker(name, ["inspect", "--format", format, ...ids]);
    }),
  );
  return Object.fromEntries(
    found.flatMap(lines).map((line) => {
      const [name = "", ...rest] = line.replace(/^\//, "").split(" ");
      return [name, rest.join(" ")];
    }),
  );
}

/** Standard output and error of a container. */
export function logs(host: string, container: string, tail = "all"): Promise<string> {
  const script = 'exec docker logs --tail "$1" "$2" 2>&1';
  return on(host, ["sh", "-c", script, "sh", tail, container]);
}
