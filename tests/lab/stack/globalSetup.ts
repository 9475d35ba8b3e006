import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryLock } from "../../../setup/lock";
import { removeAll } from "./cleanup";
import { cluster, work } from "./identity";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Keeps the lab, the cluster and the files after the run, for a look at them: PGHA_TEST_KEEP=1. */
const keep = Boolean(process.env.PGHA_TEST_KEEP);
/** Takes the cluster that PGHA_TEST_KEEP left, for work on the tests themselves. */
const reuse = Boolean(process.env.PGHA_TEST_REUSE) && existsSync(work("outputs.json"));
/** Logs of what failed outlive the work folder here, until the next run. */
const failures = join(tmpdir(), `pgha-${cluster}-failures`);

/**
 * Clears what an earlier run left, and gives the removal of what this one makes. The cluster itself
 * is brought up by the first file that uses it: those of the lab alone need none.
 */
export function setup(): () => void {
  const lock = tryLock(join(tmpdir(), `postgres-ha-lab-tests-${cluster}.lock`));
  if (typeof lock !== "function")
    throw new Error(
      `The lab tests of this checkout run already (process ${lock.pid}): wait for them.`,
    );
  let done = false;
  const finish = (): void => {
    if (done) return;
    done = true;
    if (existsSync(work("failures"))) {
      mkdirSync(failures, { recursive: true });
      cpSync(work("failures"), failures, { recursive: true });
      say(`logs of what failed: ${failures}`);
    }
    if (!keep) removeAll();
    lock();
  };
  // Before vitest's own listeners: those end the process in the middle of its exit.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.prependOnceListener(signal, () => {
      say(`\n${signal}: removing the lab of the tests`);
      finish();
      process.exit(130);
    });
  process.prependOnceListener("exit", finish);
  if (reuse) say(`cluster ${cluster}: the one that was kept`);
  else removeAll();
  rmSync(failures, { recursive: true, force: true });
  return finish;
}
