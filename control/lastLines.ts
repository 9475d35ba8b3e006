/** The last words of a container: what an error about it says beside what was found. */
import type { ContainerAccess } from "../model/access";
import { containerLogs, containerState, place } from "./docker";
import { describe } from "./errors";

const LINES = 15;

/** The end of a container's log under a head that names it; or why it cannot be had. */
export async function lastLines(container: ContainerAccess): Promise<string> {
  const head = `  last log lines of ${place(container)}:`;
  try {
    const text = await containerLogs(container, LINES);
    const lines = text.split("\n").slice(-LINES);
    return [head, ...lines.map((line) => `    ${line}`)].join("\n");
  } catch (error) {
    return `${head} ${describe(error)}`;
  }
}

/** What a container does, and the end of its log: for one that did not become what it should be. */
export async function lastWords(container: ContainerAccess): Promise<string> {
  const what = await containerState(container).then(
    ({ status, exitCode }) =>
      `${place(container)} is ${status}${status === "running" ? "" : `, exit code ${exitCode ?? "none"}`}`,
    describe,
  );
  return `* ${what}\n${await lastLines(container)}`;
}
