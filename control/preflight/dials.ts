/** What is dialled from where, and what the answers mean. Pure. */
import type { PlannedPort, TriedHost } from "../../model/hostResources";
import type { Problem } from "./problem";

/** One port of one host, as it is tried from another. */
export interface Target {
  readonly to: string;
  readonly address: string;
  readonly port: PlannedPort;
  /** `name`: the host's own name has to come back. `connect`: a running part takes connections. */
  readonly expect: "name" | "connect";
}

/** How one dial went. */
export interface Answer {
  readonly exitCode: number;
  /** What came back, or what `socat` said. */
  readonly text: string;
}

/**
 * Ports of a host (`5432/tcp`) that its own containers publish. `held`: by one that is paused or
 * just starting anew, which cannot be asked and must find its port free.
 */
export type Served = ReadonlyMap<string, "running" | "held">;

/** A port and protocol as one word. */
export function portKey({ port, protocol }: { port: number; protocol: string }): string {
  return `${port}/${protocol}`;
}

/**
 * What one host dials: what peers need of the others, and everything of its own, which its
 * containers reach through the host's address too. UDP of a running part says nothing to strangers.
 */
export function targetsOf(
  from: TriedHost,
  hosts: readonly TriedHost[],
  servedBy: ReadonlyMap<string, Served>,
): Target[] {
  return hosts.flatMap((host) => {
    const served = servedBy.get(host.access.name);
    if (served === undefined) return [];
    const own = host.access.name === from.access.name;
    return host.ports
      .filter((port) => own || port.peers)
      .map((port): Target => {
        const expect = served.has(portKey(port)) ? "connect" : "name";
        return { to: host.access.name, address: host.address, port, expect };
      })
      .filter(({ expect, port }) => expect === "name" || port.protocol === "tcp")
      .filter(({ port }) => served.get(portKey(port)) !== "held");
  });
}

/** Arguments of the dialling script for one target. */
export function targetWords({ to, address, port, expect }: Target): string[] {
  return [port.protocol, address, String(port.port), expect, String(to.length)];
}

/** Lines of the dialling script: words of the target, exit code, text; parted by tabs. */
export function parseAnswers(text: string): Map<string, Answer> {
  const lines = text.split("\n").filter((line) => line.includes("\t"));
  return new Map(
    lines.map((line): [string, Answer] => {
      const [key = "", code = "", ...rest] = line.split("\t");
      return [key, { exitCode: Number(code), text: rest.join("\t").trim() }];
    }),
  );
}

/** The key of a target's answer. */
export function answerKey({ address, port }: Target): string {
  return `${port.protocol} ${address} ${port.port}`;
}

/** Unreachable ports of each other host, one problem for a pair of hosts. */
export function judgeDials(
  from: string,
  targets: readonly Target[],
  answers: ReadonlyMap<string, Answer>,
): Problem[] {
  const failed = new Map<string, { address: string; texts: string[] }>();
  for (const target of targets) {
    const why = whyNot(target, answers.get(answerKey(target)));
    if (why === undefined) continue;
    const { to, address, port } = target;
    const known = failed.get(to) ?? { address, texts: [] };
    known.texts.push(`${portKey(port)} (${port.what}): ${why}`);
    failed.set(to, known);
  }
  return [...failed].map(([to, { address, texts }]) => ({
    host: from === to ? `${from} -> itself` : `${from} -> ${to}`,
    found: `from its containers these ports of ${address} are out of reach: ${texts.join("; ")}`,
    needed: "a way to each of them",
    remedy: "`npm run --silent ops -- firewall` prints the rules that let them through.",
  }));
}

/** What is out of reach by these answers. */
export function failedDials(
  targets: readonly Target[],
  answers: ReadonlyMap<string, Answer>,
): Target[] {
  return targets.filter((target) => whyNot(target, answers.get(answerKey(target))) !== undefined);
}

function whyNot({ to, expect }: Target, answer: Answer | undefined): string | undefined {
  if (answer === undefined) return "not tried";
  const { exitCode, text } = answer;
  // A part that is down refuses: there is a way to it, and `up` may be what repairs it.
  if (expect === "connect" && /connection refused/i.test(text)) return undefined;
  // socat's words for a connection that was neither taken nor refused in time.
  if (/operation now in progress/i.test(text)) return "no answer";
  if (exitCode !== 0) return complaint(text) || "no answer";
  if (expect === "connect" || text === to) return undefined;
  return text === "" ? "no answer" : `"${text.slice(0, 40)}" answered, another machine`;
}

/** The reason in a line of socat: what comes after the call that failed. */
function complaint(text: string): string {
  return /: ([^:]*)$/.exec(text)?.[1]?.trim() ?? text.trim();
}
