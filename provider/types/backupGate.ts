/** BackupGate: stands before the repository's container, and before a member's sidecar. */
import type { BackupGateInputs } from "../../model/resources";
import { backupMayEnd } from "../../control/backupGate";
import { withDrift } from "../drift";
import { define } from "../type";
import { warn } from "../warn";

/** Create reaches nothing; only a changed trigger is a gate. Delete does nothing. */
export const backupGate = define<BackupGateInputs, BackupGateInputs>({
  type: "pgha:index:BackupGate",
  secretFields: [],
  computed: [],
  ignored: ["down", "container", "repository", "stanza"],
  create: (inputs) => Promise.resolve({ id: inputs.container.container, state: inputs }),
  read: (state) => withDrift(state, state.container),
  async update(state, news) {
    if (state.trigger !== news.trigger) await backupMayEnd(news.container, news, warn);
    return news;
  },
  delete: () => Promise.resolve(),
});
