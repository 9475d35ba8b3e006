/** Backups as text; pure. */
import type { BackupInfo } from "../../control/pgbackrest";
import { bytes, duration, table, timestamp } from "../table";

/** A backup with the sizes that pgBackRest's `info` tells as well. */
export interface BackupDetails extends BackupInfo {
  readonly info?: {
    /** Bytes of the cluster at that time. */
    readonly size?: number;
    readonly repository?: {
      /** Bytes that this backup added to the repository. */
      readonly delta?: number;
    };
  };
}

/** A table of backups, oldest first. */
export function formatBackups(backups: readonly BackupDetails[]): string {
  if (backups.length === 0) return "There is no backup yet: ops -- backup makes one.";
  const head = ["BACKUP", "TYPE", "ENDED", "TOOK", "DATABASE", "STORED", "STATE"];
  return table(head, backups.map(row));
}

function row(backup: BackupDetails): string[] {
  const { start, stop } = backup.timestamp;
  const size = backup.info?.size;
  const delta = backup.info?.repository?.delta;
  return [
    backup.label,
    backup.type,
    timestamp(stop),
    duration(stop - start),
    size === undefined ? "-" : bytes(size),
    delta === undefined ? "-" : bytes(delta),
    backup.error === true ? "page checksum errors" : "good",
  ];
}
