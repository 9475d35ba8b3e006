/** Before a container of pgBackRest is replaced: a backup that runs gets time to end. */
import type { BackupGateInputs } from "../model/resources";
import { containerState } from "./docker";
import { ControlError, describe, unreachable } from "./errors";
import { stanzaInfo } from "./pgbackrest";
import { DeadlineError, NotYet, until } from "./until";

/**
 * Returns when no backup runs, and also where one goes on for too long: then `note` is told that it is
 * broken off. No data is lost with it, and the next one takes up the files that it has copied.
 */
export async function backupMayEnd(
  inputs: BackupGateInputs,
  note: (text: string) => void,
): Promise<void> {
  const { container, repository, stanza, timeoutSeconds } = inputs;
  if (repository === undefined) return;
  const [one, store] = await Promise.all([containerState(container), containerState(repository)]);
  if (!one.running || !store.running) return;
  const limits = { timeoutMs: timeoutSeconds * 1000, intervalMs: 1000, retry: unreachable };
  try {
    await until("the end of a backup", limits, async () => {
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
