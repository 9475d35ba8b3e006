/** What a lab was made with, kept in its folder, and the lock under which it is changed. */
import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { ControlError } from "../../../control/errors";
import { withLock } from "../../../setup/lock";
import { state } from "../../../setup/paths";
import { say } from "../../../setup/progress";
import { writeWhole } from "../../../setup/stamp";
import { MOST_HOSTS, type Place } from "./place";

/** What a lab was made with; written before anything else is. */
interface Written {
  readonly block: string;
  readonly hosts: number;
}

const fileOf = (place: Place): string => join(place.folder, "lab.json");

/** What the lab of a place was made with; undefined when it is down. */
export function readLab(place: Place): Written | undefined {
  const file = fileOf(place);
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, "utf8")) as Written;
}

/** Notes what a lab is made with. */
export function writeLab(place: Place, { block, hosts }: Written): void {
  mkdirSync(place.folder, { recursive: true, mode: 0o700 });
  writeWhole(fileOf(place), `${JSON.stringify({ block, hosts })}\n`);
}

/** Refuses a number of hosts that a lab cannot have, or that would take some away. */
export function refuseCount(place: Place, wanted: number, have: number): void {
  if (wanted >= Math.max(have, 1) && wanted <= MOST_HOSTS) return;
  throw new ControlError({
    doing: `bring up ${wanted} hosts`,
    where: `lab ${place.hash}`,
    found: wanted < have ? `it has ${have}` : `a lab has 1 to ${MOST_HOSTS}`,
    remedy: wanted < have ? 'Run "npm run lab -- down" first.' : "Give such a number.",
  });
}

/** Does work on a lab alone; another process that is at it is waited for. */
export async function lockedLab<T>(place: Place, work: () => Promise<T>): Promise<T> {
  mkdirSync(state("lab"), { recursive: true, mode: 0o700 });
  const waiting = ({ pid }: { pid: number }): void =>
    say(`Process ${pid} is at work on lab ${place.hash}: waiting for it.`);
  const lock = state("lab", `${place.hash}.lock`);
  try {
    return await withLock(lock, waiting, work);
  } finally {
    removeIfEmpty(state("lab"));
  }
}

/** Another lab may use the folder, or have removed it as well. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "ENOENT") throw error;
  }
}
