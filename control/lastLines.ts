/** The last words of a container: what an error about it says beside what was found. */
import { setTimeout as pause } from "node:timers/promises";
import type { ContainerAccess } from "../model/access";
import { containerLogs, containerState, place } from "./docker";
import { describe } from "./errors";

const LINES = 15;
const ANSWER_MS = 10_000;

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

/**
 * What a container does, and the end of its log: for one that did not become what it should be. An
 * engine that does not answer in time must not keep the error that these words belong to.
 */
export async function lastWords(container: ContainerAccess): Promise<string> {
  const late = pause(ANSWER_MS, undefined, { ref: false }).then(
    () => `* ${place(container)}: its engine does not answer within ${ANSWER_MS / 1000} s`,
  );
  return Promise.race([words(container), late]);
}

async function words(container: ContainerAccess): Promise<string> {
  const what = await containerState(container).then(
    ({ status, exitCode }) =>
      `${place(container)} is ${status}${status === "running" ? "" : `, exit code ${exitCode ?? "none"}`}`,
    describe,
  );
  return `* ${what}\n${await lastLines(container)}`;
}
