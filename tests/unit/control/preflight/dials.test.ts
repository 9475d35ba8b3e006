import { describe, expect, it } from "vitest";
import {
  answerKey,
  failedDials,
  judgeDials,
  parseAnswers,
  targetsOf,
  type Answer,
} from "../../../../control/preflight/dials";
import type { TriedHost } from "../../../../model/hostResources";

const host = (name: string, last: number): TriedHost => ({
  access: { name, docker: `ssh://deploy@10.0.1.${last}` },
  address: `10.0.1.${last}`,
  ports: [
    { port: 5432, protocol: "tcp", what: "PostgreSQL", peers: true },
    { port: 8301, protocol: "udp", what: "gossip", peers: true },
    { port: 6432, protocol: "tcp", what: "PgBouncer", peers: false },
  ],
  containers: [],
  network: { name: "orders", subnet: "198.18.128.0/26", gateway: "198.18.128.1" },
  ip: "198.18.128.59",
});
const pg1 = host("pg1", 11);
const pg2 = host("pg2", 12);
type State = "running" | "held";
const served = (ports: Record<string, State> = {}) =>
  new Map([
    ["pg1", new Map<string, State>()],
    ["pg2", new Map(Object.entries(ports))],
  ]);
const words = (ports?: Record<string, State>): string[] =>
  targetsOf(pg1, [pg1, pg2], served(ports)).map(
    (target) => `${target.to} ${target.port.port}/${target.port.protocol} ${target.expect}`,
  );

describe("what a host dials", () => {
  it("is all of its own and what peers need of the others", () => {
    expect(words()).toEqual([
      "pg1 5432/tcp name",
      "pg1 8301/udp name",
      "pg1 6432/tcp name",
      "pg2 5432/tcp name",
      "pg2 8301/udp name",
    ]);
  });

  it("is TCP alone where a part runs, and nothing where one is just starting", () => {
    expect(words({ "5432/tcp": "running", "8301/udp": "running" }).slice(3)).toEqual([
      "pg2 5432/tcp connect",
    ]);
    expect(words({ "5432/tcp": "held", "8301/udp": "held" }).slice(3)).toEqual([]);
  });

  it("leaves out a host on which nothing could listen", () => {
    expect(targetsOf(pg1, [pg2], new Map())).toEqual([]);
  });
});

describe("answers", () => {
  const targets = targetsOf(pg1, [pg2], served());
  const judged = (answers: Record<string, Answer>) =>
    judgeDials("pg1", targets, new Map(Object.entries(answers)));
  const [tcp = "", udp = ""] = targets.map(answerKey);
  const good = { exitCode: 0, text: "pg2" };

  it("are the host's own name", () => {
    expect(judged({ [tcp]: good, [udp]: good })).toEqual([]);
  });

  it("that are missing or wrong make one problem for a pair of hosts", () => {
    const refused = "2026/11/22 20:00:00 socat[9] E connect(5, AF=2 10.0.1.12:5432, 16): Refused";
    const [problem, ...others] = judged({
      [tcp]: { exitCode: 1, text: refused },
      [udp]: { exitCode: 0, text: "" },
    });
    expect(others).toEqual([]);
    expect(problem?.host).toBe("pg1 -> pg2");
    expect(problem?.found).toContain(
      "5432/tcp (PostgreSQL): Refused; 8301/udp (gossip): no answer",
    );
    expect(problem?.remedy).toContain("ops -- firewall");
  });

  it("of another machine are told as such, a timeout as no answer", () => {
    const stray = judged({ [tcp]: { exitCode: 0, text: "printer" }, [udp]: good });
    expect(stray[0]?.found).toContain('"printer" answered, another machine');
    const slow = { exitCode: 1, text: "socat[9] E connect(): Operation now in progress" };
    expect(judged({ [tcp]: slow, [udp]: good })[0]?.found).toContain(
      "5432/tcp (PostgreSQL): no answer",
    );
    expect(judged({ [udp]: good })[0]?.found).toContain("not tried");
  });

  it("of a part that runs are any, a refusal too: `up` may be what repairs it", () => {
    const [running] = targetsOf(pg1, [pg2], served({ "5432/tcp": "running" }));
    const one = (answer: Answer) =>
      judgeDials("pg1", running ? [running] : [], new Map([[tcp, answer]]));
    expect(one({ exitCode: 0, text: "" })).toEqual([]);
    expect(one({ exitCode: 1, text: "E connect(): Connection refused" })).toEqual([]);
    expect(one({ exitCode: 1, text: "E connect(): No route to host" })).toHaveLength(1);
  });

  it("that are missing or wrong are dialled again, those that say enough are not", () => {
    const failed = (answers: Record<string, Answer>) =>
      failedDials(targets, new Map(Object.entries(answers))).map(answerKey);
    expect(failed({ [tcp]: good, [udp]: good })).toEqual([]);
    expect(failed({ [tcp]: { exitCode: 0, text: "printer" }, [udp]: good })).toEqual([tcp]);
    expect(failed({ [tcp]: good })).toEqual([udp]);
    const [running] = targetsOf(pg1, [pg2], served({ "5432/tcp": "running" }));
    const refused = { exitCode: 1, text: "E connect(): Connection refused" };
    expect(failedDials(running ? [running] : [], new Map([[tcp, refused]]))).toEqual([]);
  });

  it("come as lines with tabs; others are passed over", () => {
    expect(parseAnswers("noise\ntcp 10.0.1.12 5432\t0\tpg2\nudp 10.0.1.12 8301\t124\t\n")).toEqual(
      new Map([
        [tcp, good],
        [udp, { exitCode: 124, text: "" }],
      ]),
    );
  });
});
