/**
 * What a compose file cannot say and a person would do by hand: Consul's tokens, roles, the lookup
 * of PgBouncer, the database, the stanza. The least of it, all that can be at once at once.
 */
import { type Client, escapeIdentifier } from "pg";
import { consulReady } from "../control/consul";
import { makeGrants } from "../control/consulAcl";
import { lookupStatements } from "../control/heartbeat";
import { ControlError } from "../control/errors";
import { checkStanza, createStanza, startBackup } from "../control/pgbackrest";
import { roleOptions } from "../control/roleSql";
import { scramVerifier } from "../control/scram";
import { withLeader } from "../control/sql";
import { until } from "../control/until";
import type { RoleInputs } from "../model/resources";
import type { Declared } from "./state";

const LIMIT_MS = 180_000;

/** Consul's policies and tokens, as soon as it has a leader. */
export async function grantTokens({ acl }: Declared): Promise<void> {
  const session = { servers: acl.consul, token: acl.managementToken };
  const server = await consulReady(session, LIMIT_MS);
  await makeGrants(server, acl.managementToken, acl);
}

/** Roles, lookup function, heartbeat table and databases, as soon as there is a leader. */
export async function writeSql({ ready, roles, lookup, databases }: Declared): Promise<void> {
  const limits = { database: "postgres", timeoutMs: LIMIT_MS };
  await withLeader(ready.members, limits, async (client) => {
    for (const role of roles) await writeRole(client, role);
    for (const sql of lookupStatements(lookup.lookupRole, lookup.heartbeatRole))
      await client.query(sql);
    for (const { name, owner } of databases) {
      const found = await client.query("SELECT FROM pg_database WHERE datname = $1", [name]);
      if (found.rowCount === 0)
        await client.query(
          `CREATE DATABASE ${escapeIdentifier(name)} OWNER ${escapeIdentifier(owner)}`,
        );
    }
  });
}

async function writeRole(client: Client, role: RoleInputs): Promise<void> {
  const name = escapeIdentifier(role.name);
  const found = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [role.name]);
  const verb = found.rowCount === 0 ? "CREATE" : "ALTER";
  const verifier = role.password === undefined ? undefined : scramVerifier(role.password);
  await client.query(`${verb} ROLE ${name} WITH ${roleOptions(role, verifier)}`);
  for (const group of role.memberOf)
    await client.query(`GRANT ${escapeIdentifier(group)} TO ${name}`);
  for (const signature of role.executes)
    await client.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${name}`);
}

/** The stanza, checked, with a first full backup on its way. */
export async function makeStanza({ stanza }: Declared): Promise<void> {
  const where = {
    repository: stanza.repository,
    stanza: stanza.stanza,
    configFile: stanza.configFile,
  };
  const retry = (error: unknown): boolean => error instanceof ControlError;
  await until("the stanza", { timeoutMs: LIMIT_MS, intervalMs: 1000, retry }, async () => {
    await createStanza(where);
    await checkStanza(where);
  });
  await startBackup(where, "full");
}
