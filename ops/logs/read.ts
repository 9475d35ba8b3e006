/** Logs, from the engines. */
import type { Readable } from "node:stream";
import { dockerClient, dockerFailure, place } from "../../control/docker";
import { FrameDecoder } from "../../control/frames";
import type { ContainerAccess } from "../../model/access";
import { withDeadline } from "../deadline";
import { LineCutter, type LogLine, mergeLines, parseLines } from "./lines";

export type { LogLine } from "./lines";

const TIMEOUT_MS = 30_000;
const BOTH = { stdout: true, stderr: true, timestamps: true } as const;

/** The last lines of a container's log, both streams, in order of time. */
export async function readLog(access: ContainerAccess, tail: number): Promise<LogLine[]> {
  const call = { doing: "read the log", where: place(access), timeoutMs: TIMEOUT_MS };
  try {
    const container = dockerClient(access.host).getContainer(access.container);
    const raw = await withDeadline(call, container.logs({ ...BOTH, tail, follow: false }));
    const { stdout, stderr } = FrameDecoder.split(raw);
    return mergeLines([stdout, stderr].map((text) => parseLines(access.container, text)));
  } catch (error) {
    throw dockerFailure("read the log", access, error);
  }
}

/** Gives every line after a point in time as it comes, until the container stops. */
export async function followLog(
  access: ContainerAccess,
  since: string | undefined,
  sink: (line: LogLine) => void,
): Promise<void> {
  const call = { doing: "follow the log", where: place(access), timeoutMs: TIMEOUT_MS };
  try {
    const container = dockerClient(access.host).getContainer(access.container);
    const from = since === undefined ? { tail: 0 } : { since: Date.parse(since) / 1000 };
    const started = container.logs({ ...BOTH, ...from, follow: true });
    await relay(access, (await withDeadline(call, started)) as Readable, since ?? "", sink);
  } catch (error) {
    throw dockerFailure("follow the log", access, error);
  }
}

/** `since` of the engine includes the moment itself: lines that were printed are left out. */
function relay(
  access: ContainerAccess,
  stream: Readable,
  since: string,
  sink: (line: LogLine) => void,
): Promise<void> {
  const cutter = (): LineCutter =>
    new LineCutter((text) => {
      for (const line of parseLines(access.container, text)) if (line.at > since) sink(line);
    });
  const cutters = { out: cutter(), err: cutter() };
  const decoder = new FrameDecoder();
  return new Promise((done, failed) => {
    stream.on("data", (chunk: Buffer) =>
      decoder.push(chunk, (kind, data) =>
        cutters[kind === 2 ? "err" : "out"].push(data.toString()),
      ),
    );
    stream.once("error", failed).once("end", () => {
      cutters.out.end();
      cutters.err.end();
      done();
    });
  });
}
