/** Disks and directories of a host, from what `df` and `stat` say. */

/** The file system behind a path. */
export interface Disk {
  readonly path: string;
  /** Bytes that may still be written. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

/** What lies at a path. */
export interface Directory {
  readonly isDirectory: boolean;
  readonly worldWritable: boolean;
  /** On the file system of `/`. */
  readonly onRoot: boolean;
}

const FORMAT = 0o170000;
const DIRECTORY = 0o040000;

/** Reads the kernel's mode of a file. */
export function asDirectory(mode: number): Pick<Directory, "isDirectory" | "worldWritable"> {
  return {
    isDirectory: (mode & FORMAT) === DIRECTORY,
    worldWritable: (mode & 0o002) !== 0,
  };
}

/**
 * Lines of `df -Pk` for paths that were asked for in this order. A missing path has no line: only
 * the last of the paths may be missing.
 */
export function parseDf(text: string, paths: readonly string[]): Disk[] {
  const lines = text.trim().split("\n").slice(1);
  return lines.flatMap((line, index) => {
    const path = paths[index];
    const [, size, free] = /\s(\d+)\s+\d+\s+(\d+)\s+(?:\d+%|-)\s/.exec(line) ?? [];
    if (path === undefined || size === undefined || free === undefined) return [];
    return [{ path, sizeBytes: Number(size) * 1024, freeBytes: Number(free) * 1024 }];
  });
}
