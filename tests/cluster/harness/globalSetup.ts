import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryLock } from "../../../setup/lock";
import { removeOwn, removeWork } from "./cleanup";
import { baseConfig } from "./config";
import { cluster, work } from "./identity";
import { freePorts, freeSubnet } from "./place";
import { createStack, printed, readOutputs, up } from "./pulumi";
import { makePython } from "./python";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Keeps the cluster and its files after the run, for a look at it: PGHA_TEST_KEEP=1. */
const keep = Boolean(process.env.PGHA_TEST_KEEP);
/** Takes the cluster that PGHA_TEST_KEEP left, for work on the tests themselves. */
const reuse = Boolean(process.env.PGHA_TEST_REUSE) && existsSync(work("outputs.json"));

/** Brings the test cluster up once for all files; gives its removal. */
export async function setup(): Promise<() => void> {
  const lock = tryLock(join(tmpdir(), `postgres-ha-cluster-tests-${cluster}.lock`));
  if (typeof lock !== "function")
    throw new Error(
      `The cluster tests of this checkout run already (process ${lock.pid}): wait for them.`,
    );
  let done = false;
  const finish = (): void => {
    if (done) return;
    done = true;
    if (!keep) {
      removeOwn();
      if (existsSync(work("failures"))) say(`logs of what failed: ${work("failures")}`);
      else removeWork();
    }
    lock();
  };
  // Before vitest's own listeners: those end the process in the middle of its exit.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.prependOnceListener(signal, () => {
      say(`\n${signal}: removing test cluster ${cluster}`);
      finish();
      process.exit(130);
    });
  process.prependOnceListener("exit", finish);
  try {
    if (reuse) say(`test cluster ${cluster}: the one that was kept`);
    else await make();
  } catch (error) {
    tellLog();
    finish();
    throw error;
  }
  return finish;
}

async function make(): Promise<void> {
  const left = removeOwn();
  if (left.length > 0) say(`removed what an earlier run left: ${left.join(", ")}`);
  removeWork();
  mkdirSync(work(), { recursive: true, mode: 0o700 });
  const [ports, subnet] = [await freePorts(), await freeSubnet()];
  say(`test cluster ${cluster}: ports from ${ports}, subnet ${subnet}, log ${printed}`);
  const python = makePython();
  python.catch(() => undefined); // looked at below
  await createStack(baseConfig(ports, subnet));
  const started = Date.now();
  let seen = 0;
  const beat = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    say(`  pulumi up: ${seconds} s, ${seen} resources made`);
  }, 10_000);
  try {
    await up(
      {},
      {
        timeoutMs: 900_000,
        onLine: (line) => {
          if (/ created( |$)/.test(line)) seen += 1;
        },
      },
    );
  } finally {
    clearInterval(beat);
  }
  say(`  pulumi up: done in ${Math.round((Date.now() - started) / 1000)} s`);
  await python;
  writeFileSync(work("outputs.json"), JSON.stringify(await readOutputs()), { mode: 0o600 });
}

function tellLog(): void {
  if (!existsSync(printed)) return;
  mkdirSync(work("failures"), { recursive: true });
  const tail = readFileSync(printed, "utf8").trimEnd().split("\n").slice(-60);
  say(`last lines of ${printed}:\n${tail.map((line) => `    ${line}`).join("\n")}`);
}
