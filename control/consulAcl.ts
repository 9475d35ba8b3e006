/** A cluster's policies and tokens in Consul: what is there, and what makes it as declared. */
import type { ConsulAccess } from "../model/access";
import { patroniGrant } from "../model/render/consul";
import type { ConsulAclInputs } from "../model/resources";
import { changeConsul, readConsul, type ConsulRequest, type ConsulSession } from "./consul";

/** What is declared. */
export type Grants = Pick<ConsulAclInputs, "description" | "policies" | "tokens" | "secretIds">;

/** A policy, as Consul gives it. */
export interface AclPolicy {
  readonly ID: string;
  readonly Name: string;
  readonly Description: string;
  readonly Rules: string;
  readonly Datacenters?: readonly string[] | null;
}

/** A token, as Consul's list gives it to a management token. */
export interface AclToken {
  readonly AccessorID: string;
  readonly SecretID: string;
  readonly Description: string;
  readonly Policies?: readonly { readonly Name: string }[] | null;
  readonly Roles?: readonly unknown[] | null;
  readonly ServiceIdentities?: readonly unknown[] | null;
  readonly NodeIdentities?: readonly unknown[] | null;
  readonly TemplatedPolicies?: readonly unknown[] | null;
  readonly Local?: boolean;
  readonly ExpirationTime?: string | null;
}

/** What Consul has of a cluster's own: what is declared, and what bears its mark. */
export interface LiveGrants {
  /** By name. */
  readonly policies: ReadonlyMap<string, AclPolicy>;
  /** By the declared name; a token that is not declared, by its accessor. */
  readonly tokens: ReadonlyMap<string, AclToken>;
}

/** Consul's own: the anonymous token, global-management, global-read-only. */
const BUILT_IN = /^0{8}-0{4}-0{4}-0{4}-/;
/** What gives a token more than its policies do. */
const WIDENING = ["Roles", "ServiceIdentities", "NodeIdentities", "TemplatedPolicies"] as const;
/** Status of a node that gossip takes for alive. */
const ALIVE = 1;

/** Reads what is there, by two programs at most. Others' policies and tokens are not looked at. */
export async function liveGrants(session: ConsulSession, grants: Grants): Promise<LiveGrants> {
  const [policies = [], tokens = []] = await Promise.all([
    readConsul<AclPolicy[]>(session, "/v1/acl/policies"),
    readConsul<AclToken[]>(session, "/v1/acl/tokens"),
  ]);
  const mine = policies.filter(
    ({ ID, Name, Description }) =>
      !BUILT_IN.test(ID) && (Object.hasOwn(grants.policies, Name) || marked(grants, Description)),
  );
  const read = await Promise.all(
    mine.map(({ ID }) => readConsul<AclPolicy>(session, `/v1/acl/policy/${ID}`)),
  );
  const found = read.filter((policy) => policy !== undefined);
  return {
    policies: new Map(found.map((policy) => [policy.Name, policy])),
    tokens: byName(
      tokens.filter(({ SecretID }) => SecretID !== session.token),
      grants,
    ),
  };
}

function byName(tokens: readonly AclToken[], grants: Grants): Map<string, AclToken> {
  const names = new Map(
    Object.entries(grants.tokens).map(([name, { accessorId }]) => [accessorId, name]),
  );
  return new Map(
    tokens
      .filter(({ AccessorID }) => !BUILT_IN.test(AccessorID))
      .filter((one) => names.has(one.AccessorID) || marked(grants, one.Description))
      .map((one) => [names.get(one.AccessorID) ?? one.AccessorID, one]),
  );
}

function marked({ description }: Grants, found: string): boolean {
  return found === description || found.startsWith(`${description}: `);
}

/** Fields of Consul's in which a policy differs from the declared one, beside its rules. */
export function alteredPolicy(live: AclPolicy, { description }: Grants): string[] {
  return [
    ...(live.Description === description ? [] : ["Description"]),
    ...(live.Datacenters?.length ? ["Datacenters"] : []),
  ];
}

/** Fields of Consul's in which a token differs from the declared one, beside its policies. */
export function alteredToken(live: AclToken, name: string, grants: Grants): string[] {
  return [
    ...(live.Description === tokenDescription(name, grants) ? [] : ["Description"]),
    ...WIDENING.filter((field) => live[field]?.length),
    ...unchangeable(live, name, grants),
  ];
}

/** Those of them that nobody can change in a token that exists. */
function unchangeable(live: AclToken, name: string, { secretIds }: Grants): string[] {
  return [
    ...(live.SecretID === secretIds[name] ? [] : ["SecretID"]),
    ...(live.Local === true ? ["Local"] : []),
    ...(live.ExpirationTime == null ? [] : ["ExpirationTime"]),
  ];
}

function tokenDescription(name: string, { description }: Grants): string {
  return `${description}: ${name}`;
}

/** Whether two lists name the same policies, in whatever order. */
export function samePolicies(live: AclToken, declared: readonly string[]): boolean {
  return [...policiesOf(live)].sort().join() === [...declared].sort().join();
}

/** Names of a token's policies. */
export function policiesOf(live: AclToken): string[] {
  return (live.Policies ?? []).map(({ Name }) => Name);
}

/**
 * Makes all of it what is declared, whatever is there, then removes what bears the mark and is not
 * declared. What a part uses that is still at work stays, as a member that leads would stop for the
 * lack of it: the names of those are given.
 */
export async function makeGrants(
  server: ConsulAccess,
  token: string,
  grants: Grants,
): Promise<readonly string[]> {
  const session = { servers: [server], token };
  const live = await liveGrants(session, grants);
  await changeConsul(server, token, [
    ...Object.keys(grants.policies).flatMap((name) => policyChanges(name, live, grants)),
    ...Object.keys(grants.tokens).flatMap((name) => tokenChanges(name, live, grants)),
  ]);
  const surplus = surplusOf(live, grants);
  if (surplus.length === 0) return [];
  const busy = await partsAtWork(session);
  const [stay, go] = [true, false].map((at) => surplus.filter(({ part }) => busy.has(part) === at));
  await changeConsul(
    server,
    token,
    (go ?? []).map(({ path }) => ({ method: "DELETE", path })),
  );
  return [...new Set((stay ?? []).map(({ part }) => part))];
}

function policyChanges(name: string, { policies }: LiveGrants, grants: Grants): ConsulRequest[] {
  const live = policies.get(name);
  const body = { Name: name, Description: grants.description, Rules: grants.policies[name] };
  if (live === undefined) return [{ method: "PUT", path: "/v1/acl/policy", body }];
  const { ID } = live;
  const same = live.Rules === body.Rules && alteredPolicy(live, grants).length === 0;
  return same ? [] : [{ method: "PUT", path: `/v1/acl/policy/${ID}`, body: { ID, ...body } }];
}

function tokenChanges(name: string, { tokens }: LiveGrants, grants: Grants): ConsulRequest[] {
  const { accessorId = "", policies = [] } = grants.tokens[name] ?? {};
  const body = {
    AccessorID: accessorId,
    SecretID: secretOf(name, grants),
    Description: tokenDescription(name, grants),
    Policies: policies.map((Name) => ({ Name })),
  };
  const one = `/v1/acl/token/${accessorId}`;
  const create: ConsulRequest = { method: "PUT", path: "/v1/acl/token", body };
  const live = tokens.get(name);
  if (live === undefined) return [create];
  if (unchangeable(live, name, grants).length > 0) return [{ method: "DELETE", path: one }, create];
  const same = samePolicies(live, policies) && alteredToken(live, name, grants).length === 0;
  return same ? [] : [{ method: "PUT", path: one, body }];
}

/** Consul would make a secret up for a token without one, and nobody would know it. */
function secretOf(name: string, { secretIds }: Grants): string {
  const secret = secretIds[name];
  if (secret === undefined) throw new Error(`token ${name} is declared without a secret id`);
  return secret;
}

/** Something of the cluster's that is not declared: tokens first, then the policies they had. */
function surplusOf(live: LiveGrants, grants: Grants): { part: string; path: string }[] {
  const tokens = [...live.tokens]
    .filter(([name]) => !Object.hasOwn(grants.tokens, name))
    .map(([, { AccessorID, Description }]) => {
      const named = Description.slice(tokenDescription("", grants).length);
      // A second token beside a declared one is not what the part uses.
      const part = Object.hasOwn(grants.tokens, named) ? "" : named;
      return { part, path: `/v1/acl/token/${AccessorID}` };
    });
  const policies = [...live.policies.values()]
    .filter(({ Name }) => !Object.hasOwn(grants.policies, Name))
    .map(({ ID, Name }) => ({ part: Name, path: `/v1/acl/policy/${ID}` }));
  return [...tokens, ...policies];
}

/** Names of the grants of all that is at work: nodes that are alive, members that hold their key. */
async function partsAtWork(session: ConsulSession): Promise<ReadonlySet<string>> {
  const [nodes = [], keys = []] = await Promise.all([
    readConsul<{ Name: string; Status: number }[]>(session, "/v1/agent/members"),
    readConsul<string[]>(session, "/v1/kv/service/?keys=true"),
  ]);
  const members = keys.flatMap((key) => /\/members\/([^/]+)$/.exec(key)?.[1] ?? []);
  return new Set([
    ...nodes.filter(({ Status }) => Status === ALIVE).map(({ Name }) => Name),
    ...members.map(patroniGrant),
  ]);
}
