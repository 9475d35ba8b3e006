/** What the stack of the lab tests is called, and where it keeps its files. */
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../../setup/paths";
import { Lab } from "../harness/lab";
import { placeOf } from "../harness/place";

const hash = createHash("sha256").update(root).digest("hex").slice(0, 6);

/** Label of the lab: another one than a person's, and than that of the lab's own tests. */
export const LABEL = "lab-stack";
/** The lab that the cluster is on. */
export const lab = new Lab(placeOf(root, LABEL));
/** How many hosts it has at first. */
export const HOSTS = 3;

/**
 * Name of the cluster and of its Pulumi stack: derived from the path of the checkout, so that two
 * checkouts may test at once, and a run knows what an earlier one of the same checkout left.
 */
export const cluster = `l${hash}`;

/** Everything that a run writes. Short: sockets of ssh lie below it, and their names are bounded. */
export const workFolder = join(tmpdir(), `pgha-${cluster}`);

/** A path in the work folder. */
export const work = (...parts: string[]): string => join(workFolder, ...parts);
