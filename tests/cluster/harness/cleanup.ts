import { rmSync } from "node:fs";
import { lines, now } from "../../harness/run";
import { isOwn, workFolder } from "./identity";

const listed = (args: string[]): string[] => lines(now("docker", args)).filter(isOwn);

/**
 * Removes all containers, volumes and networks of this checkout's test cluster, and nothing else.
 * Works at once and without promises, so that it can be the last act of an interrupted process.
 */
export function removeOwn(): string[] {
  const containers = listed(["ps", "--all", "--format", "{{.Names}}"]);
  if (containers.length > 0) now("docker", ["rm", "--force", "--volumes", ...containers]);
  const volumes = listed(["volume", "ls", "--format", "{{.Name}}"]);
  if (volumes.length > 0) now("docker", ["volume", "rm", "--force", ...volumes]);
  const networks = listed(["network", "ls", "--format", "{{.Name}}"]);
  if (networks.length > 0) now("docker", ["network", "rm", ...networks]);
  return [...containers, ...volumes, ...networks];
}

/** Removes the files of an earlier run. */
export function removeWork(): void {
  rmSync(workFolder, { recursive: true, force: true });
}
