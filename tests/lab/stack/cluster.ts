/** The cluster that the tests of the product share: brought up once, left healthy by each file. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll } from "vitest";
import type { ContainerAccess, MemberAccess } from "../../../model/access";
import type { Status } from "../../../ops/status/types";
import type { Target } from "../../harness/dialler";
import { Members } from "../../harness/members";
import { type EndpointKind, first, type Outputs } from "../../harness/outputs";
import { runPsql, withRoot } from "../../harness/psql";
import type { Ran } from "../../harness/run";
import { untilNothing } from "../../harness/wait";
import type { Watched } from "../../harness/watch";
import { makeCheckout, stackFile } from "./checkout";
import { ops, printed, readOutputs, tryOps, up } from "./commands";
import { baseConfig, CHOSEN_DISK } from "./config";
import { inside, inspect, on } from "./hosts";
import { cluster, HOSTS, lab, work } from "./identity";

/** How the first `up` of this run went. */
export interface BroughtUp {
  readonly seconds: number;
  /** All that it printed. */
  readonly text: string;
}

const OUTPUTS = work("outputs.json");
const BROUGHT_UP = work("brought-up.json");
const UP_MS = 900_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

let known: Outputs | undefined;

/** The stack's outputs as they were when last read. */
export function outputs(): Outputs {
  return (known ??= JSON.parse(readFileSync(OUTPUTS, "utf8")) as Outputs);
}

/** Reads the outputs anew, after an `up` that changed the hosts. */
export async function refreshOutputs(): Promise<Outputs> {
  known = await readOutputs();
  writeFileSync(OUTPUTS, JSON.stringify(known), { mode: 0o600 });
  return known;
}

/** How the cluster came up. */
export const broughtUp = (): BroughtUp => JSON.parse(readFileSync(BROUGHT_UP, "utf8")) as BroughtUp;

export const members = new Members({
  outputs,
  inside: (member, argv, stdin) => inside(member, argv, { stdin }),
});

/**
 * To be called by each file: the cluster is there and as the base config declares it before its
 * tests, and healthy after them.
 */
export function useCluster(): void {
  beforeAll(async () => {
    if (existsSync(OUTPUTS)) await asDeclared();
    else await bringUp();
    Object.assign(process.env, lab.environment()); // for control/ and its ssh
    await healthy();
  }, UP_MS + 300_000);
  afterAll(() => healthy(), 300_000);
}

/** From nothing: hosts, a copy of the checkout, a stack, `up`. */
async function bringUp(): Promise<void> {
  // Made once in a run: what failed for one file would fail for the next, a quarter of an hour later.
  if (existsSync(work())) throw new Error(`the cluster did not come up before: see ${printed}`);
  mkdirSync(work(), { recursive: true, mode: 0o700 });
  await lab.up(HOSTS);
  await on(CHOSEN_DISK.host, ["mkdir", "-p", CHOSEN_DISK.path]);
  await makeCheckout();
  stackFile.write(baseConfig());
  say(`cluster ${cluster} on ${HOSTS} hosts: from nothing; log ${printed}`);
  let made = 0;
  const onLine = (line: string): void => {
    if (/ created( |$)/.test(line)) made += 1;
  };
  const started = Date.now();
  const beat = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    say(`  up: ${seconds} s, ${made} resources made`);
  }, 10_000);
  try {
    const { seconds, stdout, stderr } = await up({}, { timeoutMs: UP_MS, onLine });
    writeFileSync(BROUGHT_UP, JSON.stringify({ seconds, text: `${stdout}${stderr}` }));
  } finally {
    clearInterval(beat);
  }
  await refreshOutputs();
}

/** Puts right what an earlier file that failed may have left: said aloud, as it is no file's task. */
async function asDeclared(): Promise<void> {
  const off = (await lab.status()).filter(
    ({ power, cable }) => power !== "on" || cable !== "plugged",
  );
  const base = baseConfig();
  const changed = !isDeepStrictEqual(stackFile.read(), base);
  if (off.length === 0 && !changed && (await isHealthy())) return;
  say("the file before has left the cluster changed: putting it right");
  await lab.heal(...lab.hosts.map(({ name }) => name));
  await lab.powerOn(...lab.hosts.map(({ name }) => name));
  stackFile.write(base);
  await up();
  await refreshOutputs();
}

async function isHealthy(): Promise<boolean> {
  return members.healthy(20).then(
    () => true,
    () => false,
  );
}

/** Waits until members stream, and `ops -- status` finds nothing wrong with any part. */
export async function healthy(seconds = 120): Promise<void> {
  await members.healthy(seconds);
  await untilNothing("`ops -- status` healthy", seconds, async () => {
    const { code, stdout, stderr } = await tryOps(["--json", "status"], { keep: false });
    if (code === 0) return [];
    const { problems = [] } = JSON.parse(stdout || "{}") as { problems?: string[] };
    return problems.length > 0 ? problems : [stderr.trim()];
  });
}

/** What `ops -- status` finds; it must find the cluster healthy. */
export async function status(): Promise<Status> {
  return JSON.parse((await ops(["--json", "status"])).stdout) as Status;
}

/** The backup repository, which the base config has. */
export function repository(): ContainerAccess {
  const { repository: found } = outputs().operations;
  if (found === null) throw new Error("the base config has a repository");
  return found;
}

/** Endpoints of all hosts of a kind, for the owner of `app` unless told otherwise. */
export function targets(kind: EndpointKind, user = "app", database = "app"): Target[] {
  const { endpoints, credentials, caCertificate: ca } = outputs();
  const password = credentials[user] ?? "";
  return endpoints[kind].map((endpoint) => ({ ...endpoint, user, database, password, ca }));
}

/** Where tables of a test are made and read: HAProxy, not the pools that it tries. */
export const aside = (): Target => first(targets("primary"));

/** Every member by its own port. */
export function watched(): Watched[] {
  const { members: all, credentials, caCertificate: ca } = outputs();
  const login = { user: "monitor", password: credentials.monitor ?? "", database: "postgres", ca };
  return all.map(({ name, address: host, port }) => ({ name, target: { ...login, host, port } }));
}

/** Waits until another member than this leads. */
export async function otherLeader(old: MemberAccess, seconds = 60): Promise<MemberAccess> {
  let found: MemberAccess | undefined;
  await untilNothing(`another leader than ${old.name}`, seconds, async () => {
    found = await members.leader();
    return found.name === old.name ? ["it leads"] : [];
  });
  return found ?? members.leader();
}

/** Runs psql with a connection string of the outputs, the authority's file added. */
export async function psql(uri: string, sql: string): Promise<Ran> {
  const file = work("ca.pem");
  writeFileSync(file, outputs().caCertificate);
  const image = (): Promise<string> =>
    inspect(first(outputs().operations.members), "{{.Config.Image}}");
  return runPsql({ image, folder: work() }, withRoot(uri, file), sql);
}
