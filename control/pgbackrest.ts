/** pgBackRest, run inside the repository's container. */
import type { ContainerAccess } from "../model/access";
import { place } from "./docker";
import { ControlError, excerpt } from "./errors";
import { execChecked, execDetached } from "./exec";

/** Where pgBackRest is run, and for which stanza. */
export interface BackRest {
  readonly repository: ContainerAccess;
  readonly stanza: string;
  /** Config file inside the container; pgBackRest's default unless given. */
  readonly configFile?: string | undefined;
}

/** A backup as `info` tells it. */
export interface BackupInfo {
  readonly label: string;
  /** `full`, `diff`, `incr`. */
  readonly type: string;
  readonly timestamp: { readonly start: number; readonly stop: number };
  readonly error?: boolean | undefined;
}
/** A stanza as `info` tells it. Codes: 0 ok, 1 missing path, 2 no valid backups, 3 missing data. */
export interface StanzaInfo {
  readonly name: string;
  readonly status: {
    readonly code: number;
    readonly message: string;
    readonly lock?: { readonly backup?: { readonly held?: boolean } };
  };
  readonly backup: readonly BackupInfo[];
}

function argv(where: BackRest, command: string, options: readonly string[]): string[] {
  const config = where.configFile === undefined ? [] : [`--config=${where.configFile}`];
  return ["pgbackrest", ...config, `--stanza=${where.stanza}`, ...options, command];
}

/** What the repository knows of the stanza; undefined when it does not know it. */
export async function stanzaInfo(where: BackRest): Promise<StanzaInfo | undefined> {
  const text = await execChecked(where.repository, argv(where, "info", ["--output=json"]));
  let list: StanzaInfo[];
  try {
    list = JSON.parse(text) as StanzaInfo[];
  } catch (error) {
    const found = `the answer is not JSON: ${excerpt(text, 200)}`;
    const remedy = "Run `pgbackrest info` in the container to see what it says.";
    throw new ControlError(
      { doing: "read pgBackRest's info", where: place(where.repository), found, remedy },
      error,
    );
  }
  const info = list.find((stanza) => stanza.name === where.stanza);
  return info === undefined || info.status.code === 1 || info.status.code === 3 ? undefined : info;
}

/** Creates the stanza; nothing happens when it exists and fits the cluster. */
export async function createStanza(where: BackRest): Promise<void> {
  await execChecked(where.repository, argv(where, "stanza-create", ["--log-level-console=error"]));
}

/** Checks configuration and archiving of all members, end to end: a WAL segment must arrive. */
export async function checkStanza(where: BackRest, timeoutMs = 90_000): Promise<void> {
  await execChecked(where.repository, argv(where, "check", ["--log-level-console=error"]), {
    timeoutMs,
  });
}

/** Starts a backup and does not wait for it. */
export async function startBackup(where: BackRest, type: "full" | "diff" | "incr"): Promise<void> {
  await execDetached(where.repository, argv(where, "backup", [`--type=${type}`]));
}
