/** The policy and the token of one part, removed when the part is gone: see consulAcl.ts. */
import { policiesOf, type AclPolicy, type AclToken } from "./consulAcl";
import { changeSome } from "./consulNodes";
import { unreachable } from "./errors";
import { readConsul, type ConsulRequest, type ConsulSession } from "./consul";
import { until } from "./until";

/** Milliseconds for the servers to elect one of them: the leader may have been the one that went. */
const LEADER_MS = 30_000;

/** What removes a part's policy and the tokens that have it and no other: pure. */
export function grantRemovals(
  name: string,
  policies: readonly Pick<AclPolicy, "ID" | "Name">[],
  tokens: readonly AclToken[],
): ConsulRequest[] {
  const own = tokens.filter((token) => policiesOf(token).join() === name);
  return [
    ...own.map(
      ({ AccessorID }) => ({ method: "DELETE", path: `/v1/acl/token/${AccessorID}` }) as const,
    ),
    ...policies
      .filter(({ Name }) => Name === name)
      .map(({ ID }) => ({ method: "DELETE", path: `/v1/acl/policy/${ID}` }) as const),
  ];
}

/** Removes a part's policy and token; missing ones are fine. Waits for a leader of Consul. */
export async function removeGrant(session: ConsulSession, name: string): Promise<void> {
  const limits = { timeoutMs: LEADER_MS, intervalMs: 500, retry: unreachable };
  await until(`Consul without the token of ${name}`, limits, async () => {
    const [policies = [], tokens = []] = await Promise.all([
      readConsul<AclPolicy[]>(session, "/v1/acl/policies"),
      readConsul<AclToken[]>(session, "/v1/acl/tokens"),
    ]);
    await changeSome(session, grantRemovals(name, policies, tokens));
  });
}
