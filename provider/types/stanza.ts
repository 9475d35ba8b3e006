/** Stanza: a pgBackRest stanza, checked end to end, with a first full backup on its way. */
import type { StanzaInputs } from "../../model/resources";
import { ControlError } from "../../control/errors";
import {
  checkStanza,
  createStanza,
  stanzaInfo,
  startBackup,
  type BackRest,
} from "../../control/pgbackrest";
import { until } from "../../control/until";
import { readOrGone } from "../gone";
import { define } from "../type";

const READY_MS = 180_000;
const CHECK_MS = 90_000;

/** The members' TLS servers may still start, or a failover be on its way. */
const retry = (error: unknown): boolean => error instanceof ControlError;

function backRest(inputs: StanzaInputs): BackRest {
  return { repository: inputs.repository, stanza: inputs.stanza, configFile: inputs.configFile };
}

async function ensure(inputs: StanzaInputs): Promise<StanzaInputs> {
  const where = backRest(inputs);
  await until(
    `stanza ${inputs.stanza}`,
    { timeoutMs: READY_MS, intervalMs: 1000, retry },
    async () => {
      await createStanza(where);
      await checkStanza(where, CHECK_MS);
    },
  );
  const info = await stanzaInfo(where);
  const held = info?.status.lock?.backup?.held === true;
  if (!held && (info?.backup.length ?? 0) === 0) await startBackup(where, "full");
  return inputs;
}

/** A repository without a backup, and without one on its way, is a difference: `up` starts one. */
async function read(state: StanzaInputs): Promise<StanzaInputs | undefined> {
  const info = await stanzaInfo(backRest(state));
  if (info === undefined) return undefined;
  const backedUp = info.backup.length > 0 || info.status.lock?.backup?.held === true;
  return backedUp ? state : { ...state, ...{ missing: "a full backup" } };
}

/** Delete does nothing: backups outlive what they are of. */
export const stanza = define<StanzaInputs, StanzaInputs>({
  type: "pgha:index:Stanza",
  secretFields: [],
  computed: [],
  access: ["members"],
  replaceOn: ["stanza"],
  create: async (inputs) => ({ id: inputs.stanza, state: await ensure(inputs) }),
  read: (state) => readOrGone("the backup repository", [state.repository], () => read(state)),
  update: (_, news) => ensure(news),
  delete: () => Promise.resolve(),
});
