/**
 * The project as the tests run it: a copy of the checkout. Its stack file lies beside no person's, it
 * may be edited to another version (a new image), and an edit of the checkout meanwhile is not seen.
 */
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../../../setup/paths";
import { lines, now, ok, run } from "../../harness/run";
import { StackFile } from "../../harness/stackFile";
import { cluster, work } from "./identity";

/** Where the copy is. */
export const checkout = work("checkout");
/** The stack file of the tests. */
export const stackFile = new StackFile(join(checkout, `Pulumi.${cluster}.yaml`));

const LEFT_OUT = /^(\.git|node_modules|coverage|\.farm.*)$|^Pulumi\.(?!yaml$).*\.yaml$/;
/** Label of the images that the tests have made. */
const MARK = `postgres-ha.test.${cluster}`;

/** Makes the copy. */
export async function makeCheckout(): Promise<void> {
  mkdirSync(checkout, { recursive: true, mode: 0o700 });
  cpSync(root, checkout, {
    recursive: true,
    preserveTimestamps: true,
    filter: (from) => !LEFT_OUT.test(relative(root, from)),
  });
  const modules = [join(root, "node_modules"), checkout];
  // Hard links where both are on one disk: half a second instead of many.
  const linked = await run("cp", ["--archive", "--link", ...modules]);
  if (linked.code !== 0) await ok("cp", ["--archive", ...modules], { timeoutMs: 300_000 });
  // Programs that were bundled from the other checkout.
  rmSync(join(checkout, "node_modules", ".cache"), { recursive: true, force: true });
}

/**
 * Edits an image so that it becomes a newer one: the last step of its Dockerfile, so that it is built
 * and carried at once. The next `up` rolls what runs from it.
 */
export function renewImage(name: "postgres" | "consul" | "haproxy" | "pgbouncer"): void {
  const file = join(checkout, "docker", name, "Dockerfile");
  appendFileSync(file, `LABEL ${MARK}="${Date.now()}"\n`);
}

/**
 * Edits an image so that what runs from it does not come up any more; gives what undoes the edit.
 * Its own program is gone, as in an image that was built wrongly.
 */
export function breakImage(name: "postgres"): () => void {
  const file = join(checkout, "docker", name, "Dockerfile");
  const whole = readFileSync(file, "utf8");
  const spoiled = ["USER root", "RUN rm /usr/lib/postgresql/*/bin/postgres", "USER 5432:5432"];
  writeFileSync(file, `${whole}LABEL ${MARK}="${Date.now()}"\n${spoiled.join("\n")}\n`);
  return () => writeFileSync(file, whole);
}

/** Removes the images that were renewed from this machine's engine; says what failed. */
export function removeRenewed(): void {
  const ids = lines(now("docker", ["images", "--quiet", "--filter", `label=${MARK}`]));
  if (ids.length > 0) now("docker", ["rmi", "--force", ...new Set(ids)]);
}
