/** `logs`: what the containers of a cluster said. */
import { type Command, InvalidArgumentError } from "commander";
import type { ContainerAccess } from "../../model/access";
import type { Ops, Run } from "../ops";
import { followLog, type LogLine, readLog } from "../logs/read";
import { formatLine, mergeLines } from "../logs/lines";
import { containersOf, PARTS } from "../stack/containers";

interface Options {
  readonly follow?: boolean;
  readonly tail: number;
}

/** Adds the verb. */
export function addLogs(program: Command, run: Run): void {
  program
    .command("logs")
    .description("logs of the containers, in order of time")
    .argument("[part]", `a kind (${PARTS.join(", ")}) or the name of a container; all unless given`)
    .option("-f, --follow", "go on with what is said from now on")
    .option("-n, --tail <lines>", "last lines of each container", lineCount, 50)
    .action((part: string | undefined, options: Options) => run((ops) => logs(ops, part, options)));
}

function lineCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 1_000_000) {
    throw new InvalidArgumentError(`"${text}" is not a number of lines between 0 and 1000000.`);
  }
  return value;
}

async function logs(ops: Ops, part: string | undefined, options: Options): Promise<number> {
  const containers = containersOf(await ops.outputs(), part).map(({ access }) => access);
  const width = Math.max(...containers.map(({ container }) => container.length));
  const print = (line: LogLine): void =>
    ops.out(ops.json ? JSON.stringify(line) : formatLine(line, containers.length > 1 ? width : 0));
  const results = await Promise.allSettled(
    containers.map((access) => readLog(access, options.tail)),
  );
  const lines = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  mergeLines(lines).forEach(print);
  const failures = results.flatMap((one) =>
    one.status === "rejected" ? [one.reason as Error] : [],
  );
  for (const { message } of failures) ops.note(message);
  if (options.follow === true) {
    // Ctrl-C is how a person ends this: not an interruption to be told of.
    process.removeAllListeners("SIGINT").once("SIGINT", () => process.exit(0));
    const read = containers.filter((_, index) => results[index]?.status === "fulfilled");
    failures.push(...(await followAll(read, lines, print)));
    ops.note("No container is left to follow.");
  }
  return failures.length === 0 ? 0 : 1;
}

/** Follows every container from its last line on; gives what went wrong. */
async function followAll(
  containers: readonly ContainerAccess[],
  lines: readonly (readonly LogLine[])[],
  print: (line: LogLine) => void,
): Promise<Error[]> {
  const ends = await Promise.allSettled(
    containers.map((access, index) => followLog(access, lines[index]?.at(-1)?.at, print)),
  );
  return ends.flatMap((end) => (end.status === "rejected" ? [end.reason as Error] : []));
}
