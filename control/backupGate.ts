/** Before a container that a backup needs is replaced: one that runs gets time to end. */
import type { ContainerAccess } from "../model/access";
import type { BackupAccess } from "../model/resources";
import { containerState } from "./docker";
import { ControlError, describe, unreachable } from "./errors";
import { stanzaInfo } from "./pgbackrest";
import { DeadlineError, NotYet, until } from "./until";

/** A backup of a small cluster ends in this time, and a roll cannot wait for hours. */
const BACKUP_SECONDS = 60;

/**
 * Returns when no backup runs, and also where one goes on for too long: then `note` is told that it is
 * broken off. No data is lost with it, and the next one takes up the files that it has copied.
 */
export async function backupMayEnd(
  container: ContainerAccess,
  { repository, stanza }: BackupAccess,
  note: (text: string) => void,
  seconds = BACKUP_SECONDS,
): Promise<void> {
  if (repository === undefined || !(await containerState(container)).running) return;
  const limits = { timeoutMs: seconds * 1000, intervalMs: 1000, retry: unreachable };
  try {
    await until("the end of a backup", limits, async () => {
      if (!(await containerState(repository)).running) return;
      const info = await stanzaInfo({ repository, stanza });
      if (info?.status.lock?.backup?.held === true) throw new NotYet("a backup runs");
    });
  } catch (error) {
    if (!(error instanceof ControlError || error instanceof DeadlineError)) throw error;
    note(
      `replacing ${container.container} though a backup may run, which it breaks off; make another by ` +
        `\`npm run ops -- backup\` afterwards: ${describe(error)}`,
    );
  }
}
