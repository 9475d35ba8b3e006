/** What is wrong with a host's disks and its `dataPath`. */
import type { HostNeeds } from "../../model/hostResources";
import type { OwnFacts } from "./ownFacts";
import type { Problem } from "./problem";

const GIB = 1024 ** 3;
const LEAST_FREE_BYTES = 2 * GIB;
const LOW_FREE_SHARE = 0.1;

/** Room on the disks of the engine and of `dataPath`. */
export function judgeDisks({ access }: HostNeeds, { disks }: OwnFacts): Problem[] {
  return disks.flatMap(({ path, freeBytes, sizeBytes }) => {
    const full = freeBytes < LEAST_FREE_BYTES;
    if (!full && freeBytes >= sizeBytes * LOW_FREE_SHARE) return [];
    return [
      {
        host: access.name,
        found: `${path} has ${gib(freeBytes)} GiB free of ${gib(sizeBytes)} GiB`,
        needed: full ? `${gib(LEAST_FREE_BYTES)} GiB at least` : "a tenth of the disk",
        remedy: "Make room there, or give it a larger disk.",
        ...(full ? {} : { warning: true as const }),
      },
    ];
  });
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1).replace(/\.0$/, "");
}

/** Whether `dataPath` is a folder to trust data to; whose its directories are, the claim looks. */
export function judgeDataPath({ access, dataPath }: HostNeeds, facts: OwnFacts): Problem[] {
  if (dataPath === undefined || facts.dataPath === undefined) return [];
  const host = access.name;
  const seen = facts.dataPath;
  const remedy = `Mount the disk there and make it a folder of root: sudo install -d -m 0755 ${dataPath}`;
  if (seen === "missing" || !seen.isDirectory) {
    const found = `dataPath ${dataPath} ${seen === "missing" ? "is missing" : "is not a folder"}`;
    return [{ host, found, needed: "a folder on the chosen disk", remedy }];
  }
  return [
    ...(seen.worldWritable
      ? [
          {
            host,
            found: `everybody may write to dataPath ${dataPath}`,
            needed: "a folder in which only its owner can put or remove anything",
            remedy: `sudo chmod o-w ${dataPath}`,
          },
        ]
      : []),
    ...(seen.onRoot
      ? [
          {
            host,
            found: `dataPath ${dataPath} is on the disk of the operating system`,
            needed: "the chosen disk, mounted",
            remedy: "Look whether the disk is mounted; if this is meant, there is nothing to do.",
            warning: true as const,
          },
        ]
      : []),
  ];
}
