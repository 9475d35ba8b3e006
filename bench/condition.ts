/** The condition of `up`, asked with the functions that the Ready resource asks with. */
import { checkStanza } from "../control/pgbackrest";
import {
  awaitParts,
  consulPart,
  containerPart,
  endpointPart,
  membersPart,
  type Part,
  unreadyError,
} from "../control/readiness";
import type { ReadyInputs } from "../model/resources";

const CHECK_MS = 60_000;

/** Returns when the cluster is true, else throws which part is not. */
export async function awaitCondition(ready: ReadyInputs): Promise<void> {
  const deadline = Date.now() + ready.timeoutSeconds * 1000;
  for (const parts of [inner(ready), outer(ready)]) {
    const unready = await awaitParts(parts, deadline);
    if (unready.length > 0) throw await unreadyError(unready, ready.timeoutSeconds);
  }
}

function inner({ containers, consul, members }: ReadyInputs): Part[] {
  return [...containers.map(containerPart), consulPart(consul), membersPart(members)];
}

function outer({ user, password, database, caCertificate, stanza, ...ready }: ReadyInputs): Part[] {
  const login = { user, password, database, caCertificate };
  const parts = ready.endpoints.map((one) => endpointPart(one, login, ready.members, []));
  if (stanza === undefined) return parts;
  const { repository, name } = stanza;
  const check = (): Promise<void> => checkStanza({ repository, stanza: name }, CHECK_MS);
  return [...parts, { name: "backup", containers: [repository], check }];
}
